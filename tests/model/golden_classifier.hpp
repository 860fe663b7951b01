#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "model/adapter/peft.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/base_model.hpp"
#include "model/network/packed_batch.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::tests {

/// The tiny models of tests/golden/classifiers.
inline const std::vector<std::string>& golden_classifiers() {
  static const std::vector<std::string> kNames = {"roberta_two_labels", "roberta_three_labels"};
  return kNames;
}

inline std::filesystem::path golden_classifier_folder(const std::string& name) {
  return golden_folder() / "classifiers" / name;
}

/// One of them, and what Hugging Face and PEFT say about it (tests/golden/classifiers/README.md).
class GoldenClassifier {
 public:
  explicit GoldenClassifier(const std::string& name)
      : folder_(golden_classifier_folder(name)),
        file_(folder_ / "ref.safetensors"),
        base_(model::BaseModel::load({folder_ / "hf", "float32"})),
        after5_(model::load_peft(folder_ / "adapter_after5", base_->shape())) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const model::BaseModelPtr& base() const { return base_; }

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

  /// A stored batch without its padding.
  [[nodiscard]] model::PackedBatch batch(const std::string& name) const {
    const auto columns = static_cast<std::size_t>(file_.tensors().at(name + ".input_ids").shape[1]);
    const auto tokens = integers(name + ".input_ids");
    const auto mask = integers(name + ".attention_mask");
    const auto labels = integers(name + ".labels");
    model::PackedBatch batch;
    for (std::size_t r = 0; r < labels.size(); ++r) {
      std::vector<std::int32_t> own;
      for (std::size_t i = r * columns; i < (r + 1) * columns; ++i) {
        if (mask[i] == 1) own.push_back(static_cast<std::int32_t>(tokens[i]));
      }
      batch.add_class(own, labels[r]);
    }
    return batch;
  }

  /// After PEFT's five steps, as its files say.
  [[nodiscard]] const model::Adapter& trained() const { return after5_; }
  /// Tensors `prefix` + PEFT's parameter name, in the layout of that adapter.
  [[nodiscard]] model::Adapter adapter(const std::string& prefix) const {
    model::Adapter result = after5_;
    result.values.clear();
    const auto add = [&](const std::string& name) {
      const auto part = floats(prefix + "base_model.model." + name);
      result.values.insert(result.values.end(), part.begin(), part.end());
    };
    for (const auto& module : after5_.layout->modules()) {
      add(module.name + ".lora_A.default.weight");
      add(module.name + ".lora_B.default.weight");
    }
    for (const auto& tensor : after5_.layout->whole()) {
      const auto dot = tensor.name.find('.');
      add(tensor.name.substr(0, dot) + ".modules_to_save.default" + tensor.name.substr(dot));
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
