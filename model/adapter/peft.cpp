#include "model/adapter/peft.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

#include "model/adapter/base_change.hpp"
#include "model/adapter/base_quantization.hpp"
#include "model/adapter/peft_config.hpp"
#include "model/files/checkpoint.hpp"
#include "model/files/mapped_file.hpp"
#include "model/files/safetensors.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

namespace {

constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kA = ".lora_A.weight";
constexpr std::string_view kB = ".lora_B.weight";
/// As in a state_dict that was saved without save_pretrained.
constexpr std::string_view kDefaultA = ".lora_A.default.weight";
constexpr std::string_view kDefaultB = ".lora_B.default.weight";

std::string tensor_name(const std::string& module, std::string_view factor) {
  return std::string(kPrefix) + module + std::string(factor);
}

/// The two factors of one module, in the file.
struct FactorViews {
  const TensorView* a = nullptr;
  const TensorView* b = nullptr;
};

/// Which factor of which module a tensor is; an empty module where it is none.
struct FactorName {
  std::string module;
  bool is_a = false;
};

FactorName parse_factor_name(std::string_view name) {
  if (!name.starts_with(kPrefix)) return {};
  name.remove_prefix(kPrefix.size());
  for (const std::string_view end : {kA, kB, kDefaultA, kDefaultB}) {
    if (!name.ends_with(end)) continue;
    name.remove_suffix(end.size());
    return {std::string(name), end == kA || end == kDefaultA};
  }
  return {};
}

/// By the base's name for it.
using WholeViews = std::map<std::string, const TensorView*>;

/// "base_model.model.classifier.dense.weight", or as in a state_dict:
/// "base_model.model.classifier.modules_to_save.default.dense.weight".
std::string whole_name(std::string_view name) {
  constexpr std::string_view kSaved = "modules_to_save.default.";
  if (!name.starts_with(kPrefix)) return "";
  std::string own(name.substr(kPrefix.size()));
  if (const auto at = own.find(kSaved); at != std::string::npos) own.erase(at, kSaved.size());
  return own;
}

/// Throws InputError where one of `whole` is missing, occurs twice or has another shape.
WholeViews find_whole(const std::map<std::string, TensorView>& tensors,
                      const std::vector<WholeTensor>& whole, const std::string& file) {
  WholeViews views;
  for (const auto& [name, tensor] : tensors) {
    const std::string own = whole_name(name);
    const auto found = std::find_if(whole.begin(), whole.end(),
                                    [&](const WholeTensor& known) { return known.name == own; });
    if (found == whole.end()) continue;
    if (!is_weight_type(tensor.dtype)) {
      throw InputError(file, "tensor \"" + name + "\": dtype must be F32, F16 or BF16");
    }
    if (tensor.shape != found->shape) {
      throw InputError(file, "tensor \"" + name + "\": the shape is not that of the base's " + own +
                                 ": its config.json may say another number of labels");
    }
    if (!views.emplace(own, &tensor).second) {
      throw InputError(file, "tensor \"" + name + "\": the base's " + own + " occurs twice");
    }
  }
  for (const WholeTensor& tensor : whole) {
    if (views.contains(tensor.name)) continue;
    throw InputError(file, "tensor \"" + tensor_name(tensor.name, "") +
                               "\" is missing; adapter_config.json's modules_to_save names it");
  }
  return views;
}

std::map<std::string, FactorViews> find_factors(const std::map<std::string, TensorView>& tensors,
                                                const WholeViews& whole, const std::string& file) {
  std::map<std::string, FactorViews> factors;
  for (const auto& [name, tensor] : tensors) {
    if (whole.contains(whole_name(name))) continue;
    const FactorName factor = parse_factor_name(name);
    if (factor.module.empty()) {
      throw InputError(file, "tensor \"" + name + "\" is not a LoRA factor; allowed: " +
                                 tensor_name("<module>", kA) + ", " + tensor_name("<module>", kB));
    }
    if (!is_weight_type(tensor.dtype)) {
      throw InputError(file, "tensor \"" + name + "\": dtype must be F32, F16 or BF16");
    }
    FactorViews& found = factors[factor.module];
    const TensorView*& place = factor.is_a ? found.a : found.b;
    if (place != nullptr) {
      throw InputError(file, "tensor \"" + name + "\": the factor occurs twice");
    }
    place = &tensor;
  }
  return factors;
}

LoraModule check_module(const std::string& name, const FactorViews& factors,
                        const PeftConfig& config, const std::string& file) {
  if (factors.a == nullptr || factors.b == nullptr) {
    throw InputError(file, "tensor \"" + tensor_name(name, factors.a == nullptr ? kA : kB) +
                               "\" is missing; its partner is there");
  }
  const auto& a = factors.a->shape;
  const auto& b = factors.b->shape;
  const std::int64_t rank = config.rank(name);
  if (a.size() != 2 || a[0] != rank || a[1] < 1) {
    throw InputError(file, "tensor \"" + tensor_name(name, kA) + "\": the shape must be [" +
                               std::to_string(rank) + ", in], by the rank in adapter_config.json");
  }
  if (b.size() != 2 || b[1] != rank || b[0] < 1) {
    throw InputError(file, "tensor \"" + tensor_name(name, kB) + "\": the shape must be [out, " +
                               std::to_string(rank) + "], by the rank in adapter_config.json");
  }
  return {name, a[1], b[0], rank, config.alpha(name), config.use_rslora()};
}

}  // namespace

void save_peft(const std::filesystem::path& directory, const Adapter& adapter,
               const LoraConfig& lora, const std::string& base_model_name, const ModelShape& shape,
               const std::string& quantization) {
  make_folder(directory);
  std::vector<NamedTensor> tensors;
  const auto& modules = adapter.layout->modules();
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const LoraModule& module = modules[i];
    tensors.push_back({tensor_name(module.name, kA),
                       DType::float32,
                       {module.rank, module.in},
                       std::as_bytes(adapter.a(i))});
    tensors.push_back({tensor_name(module.name, kB),
                       DType::float32,
                       {module.out, module.rank},
                       std::as_bytes(adapter.b(i))});
  }
  const std::vector<WholeTensor>& whole = adapter.layout->whole();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    tensors.push_back(
        {tensor_name(whole[i].name, ""), DType::float32, whole[i].shape,
         std::as_bytes(
             std::span(adapter.values).subspan(adapter.layout->whole_offset(i), whole[i].size()))});
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
  write_safetensors(directory / "adapter_model.safetensors", tensors,
                    adapter_metadata(quantization));
  write_file(directory / "adapter_config.json",
             peft_config_text(*adapter.layout, lora, base_model_name, shape));
  if (adapter.base_change) {
    save_base_change(directory / kBaseChangeFile, *adapter.base_change, quantization);
  } else {
    std::error_code ignored;  // one left by an earlier adapter would be read with this one
    std::filesystem::remove(directory / kBaseChangeFile, ignored);
  }
}

Adapter load_peft(const std::filesystem::path& directory, const ModelShape& shape,
                  const std::function<void(const std::string&)>& warning) {
  const PeftConfig config(directory / "adapter_config.json",
                          shape.classifier ? &*shape.classifier : nullptr);
  std::filesystem::path path = directory / "adapter_model.safetensors";
  if (!std::filesystem::exists(path) && std::filesystem::exists(directory / "adapter_model.bin")) {
    path = directory / "adapter_model.bin";
  }
  const std::string file = path.string();
  const MappedFile mapped(path);
  const auto tensors = parse_weights(mapped.bytes(), path);
  const std::vector<WholeTensor> whole =
      config.saves_classifier() ? shape.classifier->tensors : std::vector<WholeTensor>();
  const WholeViews whole_views = find_whole(tensors, whole, file);
  const auto factors = find_factors(tensors, whole_views, file);
  if (factors.empty()) throw InputError(file, "holds no LoRA factors");

  std::vector<LoraModule> modules;
  for (const auto& [name, pair] : factors) {
    modules.push_back(check_module(name, pair, config, file));
  }
  std::sort(modules.begin(), modules.end(), [&](const LoraModule& a, const LoraModule& b) {
    return shape.comes_before(a.name, b.name);
  });
  if (warning) {
    std::vector<std::string> names;
    for (const LoraModule& module : modules)
      names.push_back(module.name);
    for (const std::string& line : config.warnings(names))
      warning(line);
  }
  const auto layout = std::make_shared<const AdapterLayout>(std::move(modules), whole);
  Adapter adapter{layout, std::vector<float>(layout->size())};
  for (std::size_t i = 0; i < layout->modules().size(); ++i) {
    const FactorViews& pair = factors.at(layout->modules()[i].name);
    std::ranges::copy(pair.a->to_float32(), adapter.a(i).begin());
    std::ranges::copy(pair.b->to_float32(), adapter.b(i).begin());
  }
  float* next = adapter.whole().data();
  for (const WholeTensor& tensor : whole)
    next = std::ranges::copy(whole_views.at(tensor.name)->to_float32(), next).out;
  if (std::filesystem::exists(directory / kBaseChangeFile)) {
    adapter.base_change = load_base_change(directory / kBaseChangeFile, shape);
  }
  return adapter;
}

}  // namespace lorafleet::model
