#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/adapter/module_pattern.hpp"

namespace lorafleet::model {

/// Which modules an `adapter_config.json` says that PEFT adapts: target_modules, exclude_modules,
/// layers_to_transform and layers_pattern, by PEFT's rules (check_target_module_exists in
/// peft/tuners/tuners_utils.py). It only says what to warn of, so an expression that Python's `re`
/// may well take and ours does not is no error: then nothing is known.
class PeftTargets {
 public:
  /// Throws InputError that names `file` and the key.
  PeftTargets(const nlohmann::json& config, const std::string& file);

  /// Nothing where the file leaves it to the model's architecture, or it cannot be known.
  [[nodiscard]] std::optional<bool> include(const std::string& module) const;
  /// Why it cannot be known for some of `modules`, each beginning with file and key.
  [[nodiscard]] std::vector<std::string> problems(const std::vector<std::string>& modules) const;

 private:
  /// A list of names (whole ones, or all after a dot), or one regular expression for whole names.
  struct Names {
    std::vector<std::string> ends;
    std::vector<ModulePattern> pattern;  ///< at most one

    [[nodiscard]] bool match(const std::string& module) const;
  };
  Names read_names(const nlohmann::json& config, const char* key, const std::string& file);
  void add_pattern(std::vector<ModulePattern>& patterns, const std::string& pattern,
                   const std::string& place, ModulePattern::Extent extent);
  /// As `include`; throws InputError where a match takes too much work.
  [[nodiscard]] bool decide(const std::string& module) const;
  [[nodiscard]] bool in_layers(const std::string& module) const;

  std::vector<std::string> unreadable_;  ///< what is wrong with patterns that were left out
  bool by_architecture_ = false;
  bool all_ = false;  ///< "all-linear"
  Names targets_;
  Names excluded_;
  std::vector<std::int64_t> layers_;  ///< empty: all
  std::vector<ModulePattern> lists_;  ///< names of the modules that hold the layers; empty: any
};

}  // namespace lorafleet::model
