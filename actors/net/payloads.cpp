#include "actors/net/payloads.hpp"

namespace lorafleet::actors::net {

namespace {

void write(WireWriter& writer, const std::vector<model::LoraModule>& modules) {
  writer.number<std::uint64_t>(modules.size());
  for (const auto& module : modules) {
    writer.text(module.name);
    writer.number(module.in);
    writer.number(module.out);
    writer.number(module.rank);
    writer.real(module.alpha);
    writer.number<std::uint8_t>(module.use_rslora ? 1 : 0);
  }
}

std::int64_t read_size(WireReader& reader) {
  const auto size = reader.number<std::int64_t>();
  if (size < 0 || size > (std::int64_t{1} << 24)) {
    throw ProtocolError("a module of size " + std::to_string(size));
  }
  return size;
}

std::vector<model::LoraModule> read_modules(WireReader& reader) {
  std::vector<model::LoraModule> modules(reader.count(41));
  for (auto& module : modules) {
    module.name = reader.text();
    module.in = read_size(reader);
    module.out = read_size(reader);
    module.rank = read_size(reader);
    module.alpha = reader.real();
    module.use_rslora = reader.number<std::uint8_t>() != 0;
  }
  return modules;
}

void write(WireWriter& writer, const model::PrivateStatePtr& state) {
  writer.number<std::uint8_t>(state ? 1 : 0);
  if (!state) return;
  writer.number<std::uint64_t>(state->vectors.size());
  for (const auto& [name, values] : state->vectors) {
    writer.text(name);
    writer.floats(values);
  }
}

model::PrivateStatePtr read_state(WireReader& reader) {
  if (reader.number<std::uint8_t>() == 0) return nullptr;
  auto state = std::make_shared<model::PrivateState>();
  const std::size_t size = reader.count(16);
  for (std::size_t i = 0; i < size; ++i) {
    std::string name = reader.text();
    state->vectors.emplace_back(std::move(name), reader.floats());
  }
  return state;
}

void write(WireWriter& writer, sim::JobId id) {
  writer.number(id.client.value);
  writer.number(id.seq.value);
}

sim::JobId read_id(WireReader& reader) {
  const sim::ClientId client{reader.number<std::uint32_t>()};
  return {client, {reader.number<std::uint64_t>()}};
}

}  // namespace

Bytes encode(const model::BaseChange& change) {
  Bytes bytes;
  WireWriter writer(bytes);
  writer.number(change.id);
  write(writer, change.modules);
  for (const auto& delta : change.deltas)
    writer.floats(delta);
  return bytes;
}

model::BaseChangePtr decode_base_change(BytesView bytes) {
  WireReader reader(bytes);
  auto change = std::make_shared<model::BaseChange>();
  change->id = reader.number<std::uint64_t>();
  change->modules = read_modules(reader);
  for (const auto& module : change->modules) {
    change->deltas.push_back(reader.floats());
    if (change->deltas.back().size() != static_cast<std::size_t>(module.in * module.out)) {
      throw ProtocolError("a base change of another size than its module");
    }
  }
  reader.end();
  return change;
}

Bytes encode(const NumberedAdapter& adapter) {
  Bytes bytes;
  bytes.reserve(adapter.adapter->values.size() * sizeof(float) + 4096);
  WireWriter writer(bytes);
  writer.number(adapter.number);
  write(writer, adapter.adapter->layout->modules());
  const auto& change = adapter.adapter->base_change;
  writer.number<std::uint64_t>(change ? change->id : 0);
  writer.floats(adapter.adapter->values);
  return bytes;
}

NumberedAdapter decode_adapter(BytesView bytes,
                               const std::function<model::BaseChangePtr(std::uint64_t)>& change) {
  WireReader reader(bytes);
  NumberedAdapter numbered;
  numbered.number = reader.number<std::uint64_t>();
  auto modules = read_modules(reader);
  std::uint64_t size = 0;
  for (const auto& module : modules)
    size += static_cast<std::uint64_t>((module.in + module.out) * module.rank);
  const auto change_id = reader.number<std::uint64_t>();
  auto values = reader.floats();
  reader.end();
  if (values.size() != size) throw ProtocolError("an adapter of another size than its layout");
  auto base_change = change_id == 0 ? nullptr : change(change_id);
  if (change_id != 0 && !base_change) throw ProtocolError("an adapter on an unknown base change");
  numbered.adapter = std::make_shared<const model::Adapter>(
      model::Adapter{std::make_shared<const model::AdapterLayout>(std::move(modules)),
                     std::move(values), std::move(base_change)});
  return numbered;
}

Bytes encode(const TrainOrder& order) {
  const TrainRequest& request = order.request;
  Bytes bytes;
  WireWriter writer(bytes);
  write(writer, request.id);
  writer.number(request.version.value);
  writer.number(request.arrival.microseconds);
  writer.number(order.adapter);
  writer.number(static_cast<std::uint8_t>(request.trains));
  write(writer, request.state);
  return bytes;
}

TrainOrder decode_order(BytesView bytes) {
  WireReader reader(bytes);
  TrainOrder order;
  order.request.id = read_id(reader);
  order.request.version.value = reader.number<std::uint64_t>();
  order.request.arrival.microseconds = reader.number<std::int64_t>();
  order.adapter = reader.number<std::uint64_t>();
  const auto trains = reader.number<std::uint8_t>();
  if (trains > static_cast<std::uint8_t>(model::Factors::b)) {
    throw ProtocolError("an order to train unknown factors");
  }
  order.request.trains = static_cast<model::Factors>(trains);
  order.request.state = read_state(reader);
  reader.end();
  return order;
}

Bytes encode(const ClientUpdate& update) {
  Bytes bytes;
  bytes.reserve(update.adapter->values.size() * sizeof(float) + 256);
  WireWriter writer(bytes);
  write(writer, update.id);
  const model::TrainStats& stats = update.stats;
  writer.number(stats.examples);
  writer.number(stats.tokens);
  writer.number(stats.label_tokens);
  writer.number(stats.steps);
  writer.real(stats.loss);
  writer.real(stats.last_loss);
  writer.real(stats.wall_seconds);
  write(writer, update.state);
  writer.floats(update.adapter->values);
  return bytes;
}

TrainedUpdate decode_update(BytesView bytes) {
  WireReader reader(bytes);
  TrainedUpdate update;
  update.id = read_id(reader);
  update.stats.examples = reader.number<std::int64_t>();
  update.stats.tokens = reader.number<std::int64_t>();
  update.stats.label_tokens = reader.number<std::int64_t>();
  update.stats.steps = reader.number<std::int64_t>();
  update.stats.loss = reader.real();
  update.stats.last_loss = reader.real();
  update.stats.wall_seconds = reader.real();
  update.state = read_state(reader);
  update.values = reader.floats();
  reader.end();
  return update;
}

Bytes encode(const JobFailed& failed) {
  Bytes bytes;
  WireWriter writer(bytes);
  write(writer, failed.id);
  writer.text(std::string_view(failed.reason).substr(0, 4096));
  return bytes;
}

JobFailed decode_failed(BytesView bytes) {
  WireReader reader(bytes);
  const sim::JobId id = read_id(reader);
  JobFailed failed{id, reader.text()};
  reader.end();
  return failed;
}

Bytes encode(sim::JobId job) {
  Bytes bytes;
  WireWriter writer(bytes);
  write(writer, job);
  return bytes;
}

sim::JobId decode_job(BytesView bytes) {
  WireReader reader(bytes);
  const sim::JobId job = read_id(reader);
  reader.end();
  return job;
}

Bytes encode_numbers(const std::vector<std::uint64_t>& numbers) {
  Bytes bytes;
  WireWriter writer(bytes);
  writer.number<std::uint64_t>(numbers.size());
  for (const auto number : numbers)
    writer.number(number);
  return bytes;
}

std::vector<std::uint64_t> decode_numbers(BytesView bytes) {
  WireReader reader(bytes);
  std::vector<std::uint64_t> numbers(reader.count(8));
  for (auto& number : numbers)
    number = reader.number<std::uint64_t>();
  reader.end();
  return numbers;
}

}  // namespace lorafleet::actors::net
