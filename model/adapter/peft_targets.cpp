#include "model/adapter/peft_targets.hpp"

#include <algorithm>
#include <charconv>

#include "model/adapter/lora_layout.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using nlohmann::json;

json value_of(const json& config, const char* key) {
  return config.value(key, json());
}

[[noreturn]] void refuse(const std::string& file, const char* key, const char* allowed) {
  throw InputError(file, std::string(key) + ": allowed: " + allowed);
}

std::vector<std::string> read_texts(const json& list, const char* key, const std::string& file) {
  std::vector<std::string> texts;
  for (const json& item : list) {
    if (!item.is_string()) refuse(file, key, "null, a text, or a list of texts");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

}  // namespace

PeftTargets::Names PeftTargets::read_names(const json& config, const char* key,
                                           const std::string& file) {
  Names names;
  const json value = value_of(config, key);
  if (value.is_null()) return names;
  if (value.is_string()) {
    add_pattern(names.pattern, value.get<std::string>(), file + ": " + key,
                ModulePattern::Extent::whole);
  } else if (value.is_array()) {
    names.ends = read_texts(value, key, file);
  } else {
    refuse(file, key, "null, a text, or a list of texts");
  }
  return names;
}

void PeftTargets::add_pattern(std::vector<ModulePattern>& patterns, const std::string& pattern,
                              const std::string& place, ModulePattern::Extent extent) {
  try {
    patterns.emplace_back(pattern, place, extent);
  } catch (const InputError& error) {
    unreadable_.emplace_back(error.what());
  }
}

bool PeftTargets::Names::match(const std::string& module) const {
  const auto fits = [&](const std::string& end) {
    return module == end || module.ends_with('.' + end);
  };
  return std::any_of(ends.begin(), ends.end(), fits) ||
         std::any_of(pattern.begin(), pattern.end(),
                     [&](const ModulePattern& whole) { return whole.matches(module); });
}

PeftTargets::PeftTargets(const json& config, const std::string& file) {
  excluded_ = read_names(config, "exclude_modules", file);
  const json targets = value_of(config, "target_modules");
  by_architecture_ = targets.is_null();
  all_ = targets.is_string() && targets.get_ref<const std::string&>() == kAllLinear;
  if (!all_) targets_ = read_names(config, "target_modules", file);

  const json layers = value_of(config, "layers_to_transform");
  for (const json& layer : layers.is_array() ? layers : json::array({layers})) {
    if (layers.is_null()) break;
    if (!layer.is_number_integer()) {
      refuse(file, "layers_to_transform", "null, a whole number, or a list of them");
    }
    layers_.push_back(layer.get<std::int64_t>());
  }
  const json pattern = value_of(config, "layers_pattern");
  if (!pattern.is_null() && !pattern.is_string() && !pattern.is_array()) {
    refuse(file, "layers_pattern", "null, a text, or a list of texts");
  }
  if (pattern.is_null()) return;
  for (const std::string& list :
       read_texts(pattern.is_array() ? pattern : json::array({pattern}), "layers_pattern", file)) {
    if (!list.empty()) {
      add_pattern(lists_, list, file + ": layers_pattern", ModulePattern::Extent::end);
    }
  }
}

bool PeftTargets::in_layers(const std::string& module) const {
  if (layers_.empty()) return true;
  // The last number between dots, after the name of a list of layers.
  for (std::size_t end = module.rfind('.'); end != std::string::npos && end > 0;
       end = module.rfind('.', end - 1)) {
    const std::size_t dot = module.rfind('.', end - 1);
    if (dot == std::string::npos) return false;
    std::int64_t layer = -1;
    const auto read = std::from_chars(module.data() + dot + 1, module.data() + end, layer);
    if (read.ec != std::errc() || read.ptr != module.data() + end) continue;
    const std::string list = module.substr(0, dot);
    const bool fits =
        lists_.empty() || std::any_of(lists_.begin(), lists_.end(),
                                      [&](const ModulePattern& one) { return one.matches(list); });
    if (fits) return std::find(layers_.begin(), layers_.end(), layer) != layers_.end();
  }
  return false;
}

bool PeftTargets::decide(const std::string& module) const {
  return !excluded_.match(module) && (all_ || targets_.match(module)) && in_layers(module);
}

std::optional<bool> PeftTargets::include(const std::string& module) const {
  if (by_architecture_ || !unreadable_.empty()) return std::nullopt;
  try {
    return decide(module);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::vector<std::string> PeftTargets::problems(const std::vector<std::string>& modules) const {
  if (by_architecture_ || !unreadable_.empty()) return unreadable_;
  std::vector<std::string> problems;
  for (const std::string& module : modules) {
    try {
      (void)decide(module);
    } catch (const InputError& error) {
      if (std::find(problems.begin(), problems.end(), error.what()) == problems.end()) {
        problems.emplace_back(error.what());
      }
    }
  }
  return problems;
}

}  // namespace lorafleet::model
