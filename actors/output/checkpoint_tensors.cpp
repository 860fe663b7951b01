#include "actors/output/checkpoint_tensors.hpp"

#include <cstring>

#include "actors/output/json_fields.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {

namespace {

using Json = nlohmann::json;

constexpr NoStore kNoStore;

/// The modules, or an object with what is trained whole beside them.
Json layout_json(const model::AdapterLayout& layout) {
  Json modules = json_of(layout.modules(), kNoStore);
  if (layout.whole().empty()) return modules;
  Json entry;
  entry["modules"] = std::move(modules);
  entry["whole"] = json_of(layout.whole(), kNoStore);
  return entry;
}

std::vector<model::LoraModule> read_modules(const Json& json) {
  std::vector<model::LoraModule> modules;
  read_json(json, modules, kNoStore);
  return modules;
}

model::LayoutPtr read_layout(const Json& json) {
  if (json.is_array()) {
    return std::make_shared<const model::AdapterLayout>(read_modules(json));
  }
  std::vector<model::WholeTensor> whole;
  read_json(json.at("whole"), whole, kNoStore);
  return std::make_shared<const model::AdapterLayout>(read_modules(json.at("modules")),
                                                      std::move(whole));
}

}  // namespace

template <typename T>
std::string TensorSink::add(std::string name, model::DType dtype, const std::vector<T>& values) {
  tensors_.push_back({name,
                      dtype,
                      {static_cast<std::int64_t>(values.size())},
                      std::as_bytes(std::span<const T>(values))});
  return name;
}

Json TensorSink::put(const model::LayoutPtr& layout) {
  if (!layout) return nullptr;
  const auto [known, is_new] = known_.try_emplace(layout.get(), layouts_.size());
  if (!is_new) return known->second;
  for (std::size_t i = 0; i < layouts_.size(); ++i) {
    if (*layouts_[i] == *layout) return known->second = i;
  }
  layouts_.push_back(layout);
  return known->second;
}

Json TensorSink::put(const model::BaseChangePtr& change) {
  if (!change) return nullptr;
  const auto [known, is_new] = known_.try_emplace(change.get(), changes_.size());
  if (!is_new) return known->second;
  Json deltas = Json::array();
  const std::string prefix = "base_change." + std::to_string(changes_.size()) + '.';
  for (std::size_t i = 0; i < change->deltas.size(); ++i)
    deltas.push_back(add(prefix + std::to_string(i), model::DType::float32, change->deltas[i]));
  Json entry;
  entry["id"] = change->id;
  entry["modules"] = json_of(change->modules, kNoStore);
  entry["deltas"] = std::move(deltas);
  changes_.push_back(std::move(entry));
  alive_.push_back(change);
  return known->second;
}

Json TensorSink::put(const model::AdapterPtr& adapter) {
  if (!adapter) return nullptr;
  const auto [known, is_new] = known_.try_emplace(adapter.get(), adapters_.size());
  if (!is_new) return known->second;
  Json entry;
  entry["layout"] = put(adapter->layout);
  entry["values"] =
      add("adapter." + std::to_string(adapters_.size()), model::DType::float32, adapter->values);
  entry["base_change"] = put(adapter->base_change);
  adapters_.push_back(std::move(entry));
  alive_.push_back(adapter);
  return known->second;
}

Json TensorSink::put(const model::PrivateStatePtr& state) {
  if (!state) return nullptr;
  const auto [known, is_new] = known_.try_emplace(state.get(), states_.size());
  if (!is_new) return known->second;
  Json vectors = Json::array();
  const std::string prefix = "private." + std::to_string(states_.size()) + '.';
  for (const auto& [name, values] : state->vectors)
    vectors.push_back(
        json_of(std::pair(name, add(prefix + name, model::DType::float32, values)), kNoStore));
  states_.push_back(vectors);
  alive_.push_back(state);
  return known->second;
}

Json TensorSink::put(std::vector<double> values) {
  doubles_.push_back(std::move(values));
  return add("doubles." + std::to_string(doubles_.size() - 1), model::DType::float64,
             doubles_.back());
}

Json TensorSink::put(const std::vector<sim::ClientId>& clients) {
  auto& numbers = integers_.emplace_back();
  numbers.reserve(clients.size());
  for (const auto client : clients)
    numbers.push_back(static_cast<std::int32_t>(client.value));
  return add("integers." + std::to_string(integers_.size() - 1), model::DType::int32,
             integers_.back());
}

Json TensorSink::write(const std::filesystem::path& file) const {
  model::write_safetensors(file, tensors_, {{"format", "lorafleet-checkpoint"}});
  Json layouts = Json::array();
  for (const auto& layout : layouts_)
    layouts.push_back(layout_json(*layout));
  Json tables;
  tables["layouts"] = std::move(layouts);
  tables["base_changes"] = changes_;
  tables["adapters"] = adapters_;
  tables["private_states"] = states_;
  return tables;
}

template <typename T>
std::vector<T> TensorSource::read(const std::string& name, model::DType dtype) const {
  const auto* tensor = file_.find(name);
  if (tensor == nullptr || tensor->dtype != dtype) {
    throw InputError(file_.path().string(), "lacks the tensor " + name);
  }
  std::vector<T> values(static_cast<std::size_t>(tensor->numel()));
  if (!values.empty()) std::memcpy(values.data(), tensor->bytes.data(), values.size() * sizeof(T));
  return values;
}

TensorSource::TensorSource(const std::filesystem::path& file, const Json& tables) : file_(file) {
  for (const auto& layout : tables.at("layouts"))
    layouts_.push_back(read_layout(layout));
  for (const auto& json : tables.at("base_changes")) {
    auto change = std::make_shared<model::BaseChange>();
    change->id = json.at("id");
    change->modules = read_modules(json.at("modules"));
    for (const auto& name : json.at("deltas"))
      change->deltas.push_back(read<float>(name, model::DType::float32));
    changes_.push_back(std::move(change));
  }
  for (const auto& json : tables.at("adapters")) {
    const auto& change = json.at("base_change");
    model::LayoutPtr layout;
    get(json.at("layout"), layout);
    auto adapter = std::make_shared<model::Adapter>(
        model::Adapter{layout, read<float>(json.at("values"), model::DType::float32),
                       change.is_null() ? nullptr : changes_.at(change.get<std::size_t>())});
    if (adapter->values.size() != adapter->layout->size()) {
      throw InputError(file.string(), "holds an adapter that does not fit its layout");
    }
    adapters_.push_back(std::move(adapter));
  }
  for (const auto& json : tables.at("private_states")) {
    auto state = std::make_shared<model::PrivateState>();
    for (const auto& vector : json)
      state->vectors.emplace_back(vector.at(0), read<float>(vector.at(1), model::DType::float32));
    states_.push_back(std::move(state));
  }
}

void TensorSource::get(const Json& reference, model::AdapterPtr& adapter) const {
  adapter = reference.is_null() ? nullptr : adapters_.at(reference.get<std::size_t>());
}
void TensorSource::get(const Json& reference, model::LayoutPtr& layout) const {
  layout = reference.is_null() ? nullptr : layouts_.at(reference.get<std::size_t>());
}
void TensorSource::get(const Json& reference, model::PrivateStatePtr& state) const {
  state = reference.is_null() ? nullptr : states_.at(reference.get<std::size_t>());
}
void TensorSource::get(const Json& name, std::vector<double>& values) const {
  values = read<double>(name.get<std::string>(), model::DType::float64);
}
void TensorSource::get(const Json& name, std::vector<sim::ClientId>& clients) const {
  for (const auto number : read<std::int32_t>(name.get<std::string>(), model::DType::int32))
    clients.push_back({static_cast<std::uint32_t>(number)});
}

}  // namespace lorafleet::actors
