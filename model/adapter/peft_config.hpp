#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/adapter/module_pattern.hpp"
#include "model/adapter/peft_targets.hpp"
#include "model/config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// What `adapter_config.json` says about the rank and the scale of each module.
class PeftConfig {
 public:
  /// Reads and checks the file, of an adapter for a base with this classifier, or null. Throws
  /// InputError that names the file, the key and what is allowed.
  explicit PeftConfig(const std::filesystem::path& file,
                      const ClassifierShape* classifier = nullptr);

  [[nodiscard]] std::int64_t rank(const std::string& module) const;
  [[nodiscard]] double alpha(const std::string& module) const;
  [[nodiscard]] bool use_rslora() const { return use_rslora_; }
  /// modules_to_save has the classifier: its weights lie beside the factors.
  [[nodiscard]] bool saves_classifier() const { return saves_classifier_; }

  /// What a user should know, of an adapter with factors for `modules`: unknown keys that are off,
  /// entries of rank_pattern and alpha_pattern that give no module a value, factors of modules that
  /// the file does not name as targets.
  [[nodiscard]] std::vector<std::string> warnings(const std::vector<std::string>& modules) const;

 private:
  /// As in PEFT, a pattern is a regular expression for the end of a module's name; the first one
  /// counts.
  template <typename T>
  using Patterns = std::vector<std::pair<ModulePattern, T>>;

  std::string file_;
  std::vector<std::string> warnings_;
  std::optional<PeftTargets> targets_;
  std::int64_t rank_ = 0;
  double alpha_ = 0.0;
  bool use_rslora_ = false;
  bool saves_classifier_ = false;
  Patterns<std::int64_t> ranks_;
  Patterns<double> alphas_;
};

/// The text of `adapter_config.json` for adapters with `layout` of a base of `shape`.
std::string peft_config_text(const AdapterLayout& layout, const LoraConfig& lora,
                             const std::string& base_model_name, const ModelShape& shape);

}  // namespace lorafleet::model
