#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/files/safetensors.hpp"
#include "tests/model/padded_batch.hpp"

namespace lorafleet::tests {

/// What Hugging Face and PEFT say about a tiny model: a ref.safetensors.
class ReferenceFile {
 public:
  explicit ReferenceFile(const std::filesystem::path& path) : file_(path) {}

  [[nodiscard]] bool has(const std::string& key) const { return file_.tensors().contains(key); }
  [[nodiscard]] std::vector<std::string> keys(const std::string& prefix) const {
    std::vector<std::string> found;
    for (const auto& [key, view] : file_.tensors()) {
      if (key.starts_with(prefix)) found.push_back(key);
    }
    return found;
  }
  [[nodiscard]] std::vector<float> floats(const std::string& key) const {
    return file_.tensors().at(key).to_float32();
  }
  [[nodiscard]] std::vector<std::int64_t> integers(const std::string& key) const {
    const model::TensorView& view = file_.tensors().at(key);
    std::vector<std::int64_t> values(static_cast<std::size_t>(view.numel()));
    std::memcpy(values.data(), view.bytes.data(), view.bytes.size());
    return values;
  }
  [[nodiscard]] std::vector<std::int64_t> shape(const std::string& key) const {
    return file_.tensors().at(key).shape;
  }

  [[nodiscard]] PaddedBatch padded(const std::string& batch) const {
    const auto sizes = shape(batch + ".input_ids");
    return {sizes[0], sizes[1], integers(batch + ".input_ids"), integers(batch + ".attention_mask"),
            integers(batch + ".labels")};
  }

  /// Tensors `prefix` + PEFT's parameter name, in the order of the layout.
  [[nodiscard]] std::vector<float> adapter_values(const model::AdapterLayout& layout,
                                                  const std::string& prefix) const {
    std::vector<float> values;
    const auto add = [&](const std::string& name) {
      const auto part = floats(prefix + "base_model.model." + name);
      values.insert(values.end(), part.begin(), part.end());
    };
    for (const auto& module : layout.modules()) {
      add(module.name + ".lora_A.default.weight");
      add(module.name + ".lora_B.default.weight");
    }
    for (const auto& tensor : layout.whole()) {
      const auto dot = tensor.name.find('.');
      add(tensor.name.substr(0, dot) + ".modules_to_save.default" + tensor.name.substr(dot));
    }
    return values;
  }

 private:
  model::SafetensorsFile file_;
};

}  // namespace lorafleet::tests
