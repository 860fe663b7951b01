#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "model/adapter/peft.hpp"
#include "model/network/base_model.hpp"
#include "tests/model/reference_file.hpp"
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
class GoldenFamily : public ReferenceFile {
 public:
  explicit GoldenFamily(const std::string& name)
      : ReferenceFile(golden_folder() / "families" / name / "ref.safetensors"),
        folder_(golden_folder() / "families" / name),
        base_(model::BaseModel::load({folder_ / "hf", "float32"}, test_device())),
        after5_(model::load_peft(folder_ / "adapter_after5", base_->shape())) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const model::BaseModel& base() const { return *base_; }

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
