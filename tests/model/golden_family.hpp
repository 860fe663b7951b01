#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "model/adapter/peft.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/base_model.hpp"
#include "tests/model/padded_batch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

namespace lorafleet::tests {

/// The tiny models of tests/golden/families: "llama/gqa" and so on.
inline std::vector<std::string> golden_families() {
  std::vector<std::string> names;
  const auto root = golden_folder() / "families";
  for (const auto& family : std::filesystem::directory_iterator(root)) {
    if (!family.is_directory()) continue;
    for (const auto& model : std::filesystem::directory_iterator(family.path()))
      names.push_back(std::filesystem::relative(model.path(), root).generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// One of them, and what Hugging Face and PEFT say about it (tests/golden/families/README.md).
class GoldenFamily {
 public:
  explicit GoldenFamily(const std::string& name)
      : folder_(golden_folder() / "families" / name),
        file_(folder_ / "ref.safetensors"),
        base_(model::BaseModel::load({folder_ / "hf", "float32"}, test_device())),
        after5_(model::load_peft(folder_ / "adapter_after5", base_->shape())) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const model::BaseModel& base() const { return *base_; }

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
    const auto& sizes = file_.tensors().at(batch + ".input_ids").shape;
    return {sizes[0], sizes[1], integers(batch + ".input_ids"), integers(batch + ".attention_mask"),
            integers(batch + ".labels")};
  }

  /// After PEFT's five steps, as its files say.
  [[nodiscard]] const model::Adapter& trained() const { return after5_; }
  /// Tensors `prefix` + PEFT's parameter name, in the layout of that adapter.
  [[nodiscard]] model::Adapter adapter(const std::string& prefix) const {
    model::Adapter result = after5_;
    result.values.clear();
    for (const auto& module : after5_.layout->modules()) {
      for (const char* factor : {"lora_A", "lora_B"}) {
        const auto part =
            floats(prefix + "base_model.model." + module.name + "." + factor + ".default.weight");
        result.values.insert(result.values.end(), part.begin(), part.end());
      }
    }
    return result;
  }

 private:
  std::filesystem::path folder_;
  model::SafetensorsFile file_;
  model::BaseModelPtr base_;
  model::Adapter after5_;
};

}  // namespace lorafleet::tests
