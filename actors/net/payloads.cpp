#include "actors/net/payloads.hpp"

#include "actors/net/wire_fields.hpp"

namespace lorafleet::actors::net {

namespace {

template <typename T>
Bytes bytes_of(const T& value) {
  Bytes bytes;
  WireWriter writer(bytes);
  write_fields(writer, value);
  return bytes;
}

template <typename T>
T value_of(BytesView bytes) {
  WireReader reader(bytes);
  T value;
  read_fields(reader, value);
  reader.end();
  return value;
}

std::vector<model::LoraModule> read_modules(WireReader& reader) {
  std::vector<model::LoraModule> modules;
  read_fields(reader, modules);
  for (const auto& module : modules) {
    for (const std::int64_t size : {module.in, module.out, module.rank}) {
      if (size < 0 || size > (std::int64_t{1} << 24)) {
        throw ProtocolError("a module of size " + std::to_string(size));
      }
    }
  }
  return modules;
}

std::vector<model::WholeTensor> read_whole(WireReader& reader) {
  std::vector<model::WholeTensor> whole;
  read_fields(reader, whole);
  for (const auto& tensor : whole) {
    bool fits = !tensor.shape.empty() && tensor.shape.size() <= 2;
    for (const std::int64_t side : tensor.shape)
      fits = fits && side >= 0 && side <= (std::int64_t{1} << 24);
    if (!fits) throw ProtocolError("a tensor of a strange shape, " + tensor.name);
  }
  return whole;
}

}  // namespace

Bytes encode(const model::BaseChange& change) {
  Bytes bytes;
  WireWriter writer(bytes);
  writer.number(change.id);
  write_fields(writer, change.modules);
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
  write_fields(writer, adapter.adapter->layout->modules());
  write_fields(writer, adapter.adapter->layout->whole());
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
  auto whole = read_whole(reader);
  std::uint64_t size = 0;
  for (const auto& tensor : whole)
    size += tensor.size();
  for (const auto& module : modules)
    size += static_cast<std::uint64_t>((module.in + module.out) * module.rank);
  const auto change_id = reader.number<std::uint64_t>();
  auto values = reader.floats();
  reader.end();
  if (values.size() != size) throw ProtocolError("an adapter of another size than its layout");
  auto base_change = change_id == 0 ? nullptr : change(change_id);
  if (change_id != 0 && !base_change) throw ProtocolError("an adapter on an unknown base change");
  numbered.adapter = std::make_shared<const model::Adapter>(model::Adapter{
      std::make_shared<const model::AdapterLayout>(std::move(modules), std::move(whole)),
      std::move(values), std::move(base_change)});
  return numbered;
}

Bytes encode(const TrainOrder& order) {
  return bytes_of(order);
}

TrainOrder decode_order(BytesView bytes) {
  auto order = value_of<TrainOrder>(bytes);
  if (order.request.trains > model::Factors::b) {
    throw ProtocolError("an order to train unknown factors");
  }
  return order;
}

Bytes encode(const ClientUpdate& update) {
  Bytes bytes;
  bytes.reserve(update.adapter->values.size() * sizeof(float) + 256);
  WireWriter writer(bytes);
  TrainedUpdate::before_values(
      update, [&](const char*, const auto& field) { write_fields(writer, field); });
  writer.floats(update.adapter->values);
  return bytes;
}

TrainedUpdate decode_update(BytesView bytes) {
  return value_of<TrainedUpdate>(bytes);
}

Bytes encode(const JobFailed& failed) {
  return bytes_of(JobFailed{failed.id, failed.reason.substr(0, 4096)});
}

JobFailed decode_failed(BytesView bytes) {
  return value_of<JobFailed>(bytes);
}

Bytes encode(sim::JobId job) {
  return bytes_of(job);
}

sim::JobId decode_job(BytesView bytes) {
  return value_of<sim::JobId>(bytes);
}

Bytes encode_numbers(const std::vector<std::uint64_t>& numbers) {
  return bytes_of(numbers);
}

std::vector<std::uint64_t> decode_numbers(BytesView bytes) {
  return value_of<std::vector<std::uint64_t>>(bytes);
}

}  // namespace lorafleet::actors::net
