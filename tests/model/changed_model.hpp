#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/files/safetensors.hpp"
#include "model/network/base_model.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

namespace lorafleet::tests {

/// The tiny pre-norm model in a folder of its own, each tensor as `change` leaves it (it may clear
/// the name), with `more` tensors, and with the keys of `config` in its config.json.
class ChangedModel {
 public:
  explicit ChangedModel(const std::function<void(model::NamedTensor&)>& change,
                        const std::vector<model::NamedTensor>& more = {},
                        const nlohmann::json& config = nlohmann::json::object()) {
    const std::filesystem::path source = golden_folder() / "opt" / "opt_prenorm" / "hf";
    nlohmann::json settings = nlohmann::json::parse(read_file(source / "config.json"));
    settings.update(config);
    write_file(path() / "config.json", settings.dump());
    const model::SafetensorsFile file(source / "model.safetensors");
    std::vector<model::NamedTensor> tensors;
    for (const auto& [name, view] : file.tensors()) {
      model::NamedTensor tensor{name, view.dtype, view.shape, view.bytes};
      change(tensor);
      if (!tensor.name.empty()) tensors.push_back(tensor);
    }
    tensors.insert(tensors.end(), more.begin(), more.end());
    model::write_safetensors(path() / "model.safetensors", tensors, {});
  }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }
  [[nodiscard]] std::string file() const { return (path() / "model.safetensors").string(); }
  [[nodiscard]] model::BaseModelPtr load() const {
    return model::BaseModel::load({path(), "float32"}, test_device());
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace lorafleet::tests
