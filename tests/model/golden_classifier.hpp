#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/adapter/peft.hpp"
#include "model/network/base_model.hpp"
#include "model/network/packed_batch.hpp"
#include "tests/model/reference_file.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

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
class GoldenClassifier : public ReferenceFile {
 public:
  explicit GoldenClassifier(const std::string& name)
      : ReferenceFile(golden_classifier_folder(name) / "ref.safetensors"),
        folder_(golden_classifier_folder(name)),
        base_(model::BaseModel::load({folder_ / "hf", "float32"}, test_device())),
        after5_(model::load_peft(folder_ / "adapter_after5", base_->shape())) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const model::BaseModelPtr& base() const { return base_; }

  /// A stored batch without its padding.
  [[nodiscard]] model::PackedBatch batch(const std::string& name) const {
    const auto columns = static_cast<std::size_t>(shape(name + ".input_ids")[1]);
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
    result.values = adapter_values(*result.layout, prefix);
    return result;
  }

 private:
  std::filesystem::path folder_;
  model::BaseModelPtr base_;
  model::Adapter after5_;
};

}  // namespace lorafleet::tests
