#include "model/network/merge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "model/adapter/base_change.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/files/checkpoint.hpp"
#include "model/files/hf_directory.hpp"
#include "model/network/base_values.hpp"
#include "model/network/family.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {
namespace {

namespace fs = std::filesystem;

/// So that Hugging Face loads the classifier, with the labels that it has.
void name_classifier(nlohmann::ordered_json& config, const ClassifierShape& classifier,
                     const std::vector<std::string>& names) {
  config["architectures"] = {classifier.architecture};
  if (names.empty() && (config.contains("id2label") || classifier.labels == 2)) return;
  config.erase("num_labels");
  config["id2label"] = nlohmann::ordered_json::object();
  config["label2id"] = nlohmann::ordered_json::object();
  for (std::int64_t i = 0; i < classifier.labels; ++i) {
    const std::string name =
        names.empty() ? "LABEL_" + std::to_string(i) : names[static_cast<std::size_t>(i)];
    config["id2label"][std::to_string(i)] = name;
    config["label2id"][name] = i;
  }
}

std::string config_text(const fs::path& file, const Adapter& adapter, const ModelShape& shape,
                        DType dtype, const std::vector<std::string>& class_names) {
  auto config = nlohmann::ordered_json::parse(read_file(file));
  if (!adapter.layout->whole().empty()) {
    name_classifier(config, shape.classifier.value(), class_names);
  }
  config.erase("quantization_config");
  config["dtype"] = torch_name(dtype);
  if (config.contains("torch_dtype")) config["torch_dtype"] = torch_name(dtype);
  return config.dump(2) + "\n";
}

constexpr const char* kAdapter = "adapter";

/// Magnitudes from here on become infinite in it.
float bound_of(DType dtype) {
  if (dtype == DType::float16) return 65520.0f;
  return dtype == DType::bfloat16 ? 0x1.ffp127f : std::numeric_limits<float>::infinity();
}

/// Throws InputError where values are not finite, or would not be in `dtype`.
void check_values(std::span<const float> values, DType dtype, const std::string& place,
                  const std::string& tensor) {
  const float bound = bound_of(dtype);
  const auto bad = std::find_if_not(values.begin(), values.end(),
                                    [&](float value) { return std::abs(value) < bound; });
  if (bad == values.end()) return;
  const std::string reason =
      std::isfinite(*bad)
          ? "too large for " + std::string(torch_name(dtype)) + "; float32 can hold them"
          : "not finite";
  throw InputError(place, "tensor " + tensor + " has values that are " + reason);
}

/// A tensor that the adapter trained whole.
ProducedTensor whole_tensor(const Adapter& adapter, std::size_t i, DType dtype) {
  const WholeTensor& tensor = adapter.layout->whole()[i];
  return {tensor.name, tensor.shape, [&adapter, &tensor, i, dtype](const auto& sink) {
            const auto values =
                std::span(adapter.values).subspan(adapter.layout->whole_offset(i), tensor.size());
            check_values(values, dtype, kAdapter, tensor.name);
            sink(values);
          }};
}

/// Throws InputError where there are names, and not one for each of the base's labels.
void check_names(const ModelShape& shape, const std::vector<std::string>& names) {
  const std::int64_t labels = shape.classifier ? shape.classifier->labels : 0;
  if (names.empty() || std::ssize(names) == labels) return;
  throw InputError(kAdapter, "names " + std::to_string(names.size()) + " classes (" + join(names) +
                                 "), and the base has " + std::to_string(labels));
}

/// What is added to one tensor of the base.
struct Additions {
  std::optional<std::size_t> module;          ///< of the adapter
  const std::vector<float>* delta = nullptr;  ///< of the base change, [out, in]
  std::int64_t in = 0;
  std::int64_t out = 0;
  bool transposed = false;  ///< the tensor is [in, out]

  [[nodiscard]] std::vector<std::int64_t> shape() const {
    return transposed ? std::vector{in, out} : std::vector{out, in};
  }
};

/// By the tensor's name. Throws InputError where the adapter does not fit the base.
std::map<std::string, Additions> find_additions(const ModelShape& shape, const Adapter& adapter) {
  std::map<std::string, Additions> additions;
  const auto of = [&](const LoraModule& module) -> Additions& {
    const LinearShape& linear = shape.linear(find_module(shape, module));
    Additions& found = additions[module.name + ".weight"];
    found.in = module.in;
    found.out = module.out;
    found.transposed = linear.transposed;
    return found;
  };
  for (std::size_t i = 0; i < adapter.layout->modules().size(); ++i)
    of(adapter.layout->modules()[i]).module = i;
  if (adapter.base_change) {
    const BaseChange& change = *adapter.base_change;
    check_fits(change, shape);
    for (std::size_t i = 0; i < change.modules.size(); ++i)
      of(change.modules[i]).delta = &change.deltas[i];
  }
  return additions;
}

/// Adds scale B A to a run of a matrix's elements that begins at `first`, row-major.
void add_product(const Adapter& adapter, std::size_t index, std::size_t first,
                 std::vector<float>& values) {
  const LoraModule& module = adapter.layout->modules()[index];
  const auto in = static_cast<std::size_t>(module.in);
  const auto rank = static_cast<std::size_t>(module.rank);
  const std::span<const float> a = adapter.a(index);
  const std::span<const float> b = adapter.b(index);
  for (std::size_t at = 0; at < values.size();) {
    const std::size_t row = (first + at) / in;
    const std::size_t column = (first + at) % in;
    const std::size_t count = std::min(in - column, values.size() - at);
    for (std::size_t r = 0; r < rank; ++r) {
      const float factor = static_cast<float>(module.scale()) * b[row * rank + r];
      for (std::size_t i = 0; i < count; ++i)
        values[at + i] += factor * a[r * in + column + i];
    }
    at += count;
  }
}

/// The same for a matrix that lies as [in, out].
void add_transposed_product(const Adapter& adapter, std::size_t index, std::size_t first,
                            std::vector<float>& values) {
  const LoraModule& module = adapter.layout->modules()[index];
  const auto in = static_cast<std::size_t>(module.in);
  const auto out = static_cast<std::size_t>(module.out);
  const auto rank = static_cast<std::size_t>(module.rank);
  const std::span<const float> a = adapter.a(index);
  const std::span<const float> b = adapter.b(index);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t row = (first + i) / out;
    const std::size_t column = (first + i) % out;
    for (std::size_t r = 0; r < rank; ++r)
      values[i] += static_cast<float>(module.scale()) * b[column * rank + r] * a[r * in + row];
  }
}

/// Adds the base change's matrix [out, in] to a run of a tensor's elements.
void add_delta(const Additions& additions, std::size_t first, std::vector<float>& values) {
  const auto in = static_cast<std::size_t>(additions.in);
  const auto out = static_cast<std::size_t>(additions.out);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = first + i;
    values[i] += (*additions.delta)[additions.transposed ? at % out * in + at / out : at];
  }
}

/// `file`: where the tensor of the base lies.
ProducedTensor merged_tensor(const BaseValues& base, const std::string& file,
                             const Adapter& adapter, const BaseValues::Tensor& tensor,
                             const Additions& additions, DType dtype) {
  const bool changed = additions.module || additions.delta != nullptr;
  return {tensor.name, tensor.shape,
          [&base, file, &adapter, &tensor, additions, changed, dtype](const auto& sink) {
            base.read(tensor, [&](std::size_t first, std::span<const float> block) {
              check_values(block, changed ? DType::float32 : dtype, file, tensor.key);
              if (!changed) return sink(block);
              std::vector<float> values(block.begin(), block.end());
              if (additions.delta != nullptr) add_delta(additions, first, values);
              if (additions.module) {
                const auto add = additions.transposed ? add_transposed_product : add_product;
                add(adapter, *additions.module, first, values);
              }
              check_values(values, dtype, kAdapter, tensor.name + " with it added");
              sink(values);
            });
          }};
}

/// What appears in a folder while it lives goes again, and so does a folder that it made, unless
/// `keep` was called. The folder itself may be one that cannot be renamed: mounted, or the caller's
/// own.
class NewFiles {
 public:
  explicit NewFiles(const fs::path& folder) : folder_(folder), made_(!fs::exists(folder)) {
    make_folder(folder);
    for (const auto& entry : fs::directory_iterator(folder))
      before_.insert(entry.path());
  }
  ~NewFiles() {
    if (kept_) return;
    std::error_code error;
    if (made_) fs::remove_all(folder_, error);
    std::vector<fs::path> added;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end;
         entry.increment(error)) {
      if (!before_.contains(entry->path())) added.push_back(entry->path());
    }
    for (const fs::path& path : added)
      fs::remove_all(path, error);
  }
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;

  void keep() { kept_ = true; }

 private:
  fs::path folder_;
  bool made_ = false;
  bool kept_ = false;
  std::set<fs::path> before_;
};

}  // namespace

void write_merged(const fs::path& base, const Adapter& adapter, const fs::path& out, DType dtype,
                  std::uint64_t max_shard_bytes, const std::vector<std::string>& class_names,
                  const std::optional<std::string>& quantization) {
  const auto description = read_description(base / "config.json");
  check_names(description.shape, class_names);
  const Checkpoint checkpoint(base);
  const BaseValues values(checkpoint, description,
                          quantization
                              ? agreed_quantization(description.quantization, *quantization)
                              : description.quantization.kind);
  const auto additions = find_additions(description.shape, adapter);
  std::vector<ProducedTensor> tensors;
  std::set<std::string> replaced;
  check_whole(description.shape, adapter.layout->whole());
  for (std::size_t i = 0; i < adapter.layout->whole().size(); ++i) {
    replaced.insert(adapter.layout->whole()[i].name);
    tensors.push_back(whole_tensor(adapter, i, dtype));
  }
  std::set<std::string> missing;
  for (const auto& [name, added] : additions)
    missing.insert(name);
  for (const BaseValues::Tensor& tensor : values.tensors()) {
    if (replaced.contains(tensor.name)) continue;
    const std::string file = checkpoint.path_of(*tensor.held).string();
    const auto found = additions.find(tensor.name);
    if (found != additions.end()) {
      missing.erase(tensor.name);
      if (tensor.shape != found->second.shape()) {
        throw InputError(file, "tensor " + tensor.key + " has another shape than config.json says");
      }
    }
    tensors.push_back(merged_tensor(values, file, adapter, tensor,
                                    found == additions.end() ? Additions{} : found->second, dtype));
  }
  if (!missing.empty()) {
    throw InputError(checkpoint.path().string(), "tensor " + *missing.begin() + " is missing");
  }
  NewFiles written(out);
  write_weights(out, tensors, dtype, max_shard_bytes);
  write_file(out / "config.json",
             config_text(base / "config.json", adapter, description.shape, dtype, class_names));
  copy_model_files(base, out);
  written.keep();
}

}  // namespace lorafleet::model
