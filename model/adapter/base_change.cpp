#include "model/adapter/base_change.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "model/adapter/base_quantization.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/files/safetensors.hpp"
#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::model {
namespace {

constexpr std::string_view kWeight = ".weight";
constexpr const char* kMark = "lorafleet";
constexpr const char* kKind = "base_change";

LoraModule module_of(const std::string& name, const TensorView& tensor, const std::string& file) {
  const std::string place = "tensor \"" + name + "\"";
  if (!name.ends_with(kWeight) || name.size() == kWeight.size()) {
    throw InputError(file, place + " is not a change of a weight; allowed: <module>.weight");
  }
  if (!is_weight_type(tensor.dtype)) {
    throw InputError(file, place + ": dtype must be F32, F16 or BF16");
  }
  if (tensor.shape.size() != 2 || tensor.shape[0] < 1 || tensor.shape[1] < 1) {
    throw InputError(file, place + ": the shape must be [out, in]");
  }
  LoraModule module;
  module.name = name.substr(0, name.size() - kWeight.size());
  module.out = tensor.shape[0];
  module.in = tensor.shape[1];
  return module;
}

/// Not 0: that names no change.
std::uint64_t id_of(const BaseChange& change) {
  Sha256 hash;
  for (std::size_t i = 0; i < change.modules.size(); ++i) {
    const LoraModule& module = change.modules[i];
    hash.update(module.name + ' ' + std::to_string(module.out) + ' ' + std::to_string(module.in) +
                '\n');
    hash.update(std::span<const float>(change.deltas[i]));
  }
  const std::string text = hash.hex();
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + 16, id, 16);
  return std::max<std::uint64_t>(id, 1);
}

}  // namespace

void check_fits(const BaseChange& change, const ModelShape& shape) {
  if (change.deltas.size() != change.modules.size()) {
    throw InputError("base change", std::to_string(change.deltas.size()) + " matrices for " +
                                        std::to_string(change.modules.size()) + " modules");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < change.modules.size(); ++i) {
    const LoraModule& module = change.modules[i];
    find_module(shape, module);
    if (!names.insert(module.name).second) {
      throw InputError("base change", module.name + " occurs twice");
    }
    if (static_cast<std::int64_t>(change.deltas[i].size()) != module.out * module.in) {
      throw InputError("base change", module.name + " has " +
                                          std::to_string(change.deltas[i].size()) +
                                          " values, not " + std::to_string(module.out) + " x " +
                                          std::to_string(module.in));
    }
  }
}

void save_base_change(const std::filesystem::path& path, const BaseChange& change,
                      const std::string& quantization) {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < change.modules.size(); ++i) {
    const LoraModule& module = change.modules[i];
    tensors.push_back({module.name + std::string(kWeight),
                       DType::float32,
                       {module.out, module.in},
                       std::as_bytes(std::span(change.deltas[i]))});
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
  auto metadata = adapter_metadata(quantization);
  metadata[kMark] = kKind;
  write_safetensors(path, tensors, metadata);
}

BaseChangePtr load_base_change(const std::filesystem::path& path, const ModelShape& shape) {
  const std::string name = path.string();
  const SafetensorsFile file(path);
  const auto mark = file.metadata().find(kMark);
  if (mark == file.metadata().end() || mark->second != kKind) {
    throw InputError(name, std::string("is not a base change: its metadata lack \"") + kMark +
                               "\": \"" + kKind + "\"");
  }
  if (file.tensors().empty()) throw InputError(name, "holds no change of a weight");
  std::vector<std::pair<LoraModule, const TensorView*>> found;
  for (const auto& [key, tensor] : file.tensors()) {
    found.emplace_back(module_of(key, tensor, name), &tensor);
  }
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return shape.comes_before(a.first.name, b.first.name);
  });
  auto change = std::make_shared<BaseChange>();
  for (const auto& [module, tensor] : found) {
    change->modules.push_back(module);
    change->deltas.push_back(tensor->to_float32());
    for (const float value : change->deltas.back()) {
      if (std::isfinite(value)) continue;
      throw InputError(name, "tensor \"" + module.name + std::string(kWeight) +
                                 "\" holds values that are not finite");
    }
  }
  change->id = id_of(*change);
  return change;
}

}  // namespace lorafleet::model
