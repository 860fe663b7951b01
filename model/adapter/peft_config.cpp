#include "model/adapter/peft_config.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>

#include "model/adapter/peft_keys.hpp"
#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

template <typename Json>
std::int64_t read_rank(const Json& value, const std::string& place) {
  const bool whole = value.is_number_unsigned() &&
                     value.template get<std::uint64_t>() <=
                         static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
  if (!whole || value.template get<std::uint64_t>() < 1) {
    throw InputError(place, "a rank must be a positive integer, not " + value.dump());
  }
  return value.template get<std::int64_t>();
}

template <typename Json>
double read_alpha(const Json& value, const std::string& place) {
  if (!value.is_number() || !(value.template get<double>() > 0.0)) {
    throw InputError(place, "alpha must be a positive number, not " + value.dump());
  }
  return value.template get<double>();
}

template <typename T, typename Read>
std::vector<std::pair<ModulePattern, T>> read_patterns(const ordered_json& root, const char* key,
                                                       const std::string& file, Read read) {
  std::vector<std::pair<ModulePattern, T>> patterns;
  const auto found = root.find(key);
  if (found == root.end() || found->is_null()) return patterns;
  if (!found->is_object()) throw InputError(file + ": " + key, "must be an object");
  for (const auto& [pattern, value] : found->items()) {
    const std::string place = file + ": " + key + ": \"" + pattern + '"';
    patterns.emplace_back(ModulePattern(pattern, place), read(value, place));
  }
  return patterns;
}

template <typename T>
T first_match(const std::vector<std::pair<ModulePattern, T>>& patterns, const std::string& module,
              T fallback) {
  for (const auto& [pattern, value] : patterns) {
    if (pattern.matches(module)) return value;
  }
  return fallback;
}

/// What is wrong with the entries that give no module a value.
template <typename T>
void warn_of_unused(const std::vector<std::pair<ModulePattern, T>>& patterns,
                    const std::vector<std::string>& modules, std::vector<std::string>& warnings) {
  std::vector<bool> matched(patterns.size());
  std::vector<bool> used(patterns.size());
  for (const std::string& module : modules) {
    bool first = true;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (!patterns[i].first.matches(module)) continue;
      matched[i] = true;
      if (first) used[i] = true;
      first = false;
    }
  }
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (used[i]) continue;
    warnings.push_back(patterns[i].first.place() +
                       (matched[i] ? " is never used: entries before it match all of its modules"
                                   : " matches none of the " + std::to_string(modules.size()) +
                                         " adapted modules, such as " + modules.front()));
  }
}

bool is_text(const json& value, std::string_view text) {
  return value.is_string() && value.get_ref<const std::string&>() == text;
}

/// The other name that PEFT gives the head of any classifier.
constexpr const char* kScore = "score";

/// Of modules_to_save. Throws InputError where it names other layers.
bool names_classifier(const json& modules, const ClassifierShape* classifier,
                      const std::string& file) {
  bool found = false;
  for (const json& module : modules.is_array() ? modules : json::array({modules})) {
    const bool empty = module.is_structured() && module.empty();
    if (module.is_null() || module == false || module == "" || empty) continue;
    const bool own = classifier != nullptr && is_text(module, classifier->module);
    if (!own && !(classifier != nullptr && is_text(module, kScore))) {
      throw InputError(
          file, "modules_to_save: " + shown_value(modules) +
                    " is not supported: other layers than the factors were trained; "
                    "allowed: off (null or false)" +
                    (classifier == nullptr ? std::string() : ", [\"" + classifier->module + "\"]"));
    }
    found = found || own;
  }
  return found;
}

/// 16 rather than 16.0, as PEFT writes it.
json number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

/// Older versions of PEFT want something before a pattern, so the leading "model." is left out.
std::string pattern_for(const std::string& module) {
  return module.substr(module.find('.') + 1);
}

/// What config.json's PEFT keys say of the layers that `layout` adapts.
struct Targets {
  std::set<std::string> names;  ///< last names; longer ones where another layer shares them
  bool transposed = false;
};

/// As PEFT compares a target with a module's name: all of it, or all after one of its dots.
bool means(const std::string& target, const std::string& module) {
  return ('.' + module).ends_with('.' + target);
}

/// Whether the target also stands for a layer that is not adapted.
bool means_others(const std::string& target, const ModelShape& shape,
                  const std::set<const LinearShape*>& adapted) {
  const auto other = [&](const LinearShape& linear) {
    return !adapted.contains(&linear) && means(target, linear.name);
  };
  if (std::any_of(shape.layer_linears.begin(), shape.layer_linears.end(), other)) return true;
  if (std::any_of(shape.other_linears.begin(), shape.other_linears.end(), other)) return true;
  if (!shape.classifier) return false;
  const std::vector<WholeTensor>& whole = shape.classifier->tensors;
  return std::any_of(whole.begin(), whole.end(), [&](const WholeTensor& tensor) {
    return means(target, tensor.name.substr(0, tensor.name.rfind('.')));
  });
}

Targets targets_of(const AdapterLayout& layout, const ModelShape& shape) {
  Targets targets;
  std::map<const LinearShape*, std::vector<std::string>> modules;
  std::set<const LinearShape*> adapted;
  for (const LoraModule& module : layout.modules()) {
    if (const auto found = shape.find(module.name)) {
      modules[&shape.linear(*found)].push_back(module.name);
      adapted.insert(&shape.linear(*found));
    } else {
      targets.names.insert(module.name.substr(module.name.rfind('.') + 1));
    }
  }
  for (const auto& [linear, names] : modules) {
    targets.transposed = targets.transposed || linear->transposed;
    const bool in_layers =
        std::any_of(shape.layer_linears.begin(), shape.layer_linears.end(),
                    [own = linear](const LinearShape& other) { return &other == own; });
    if (in_layers && std::ssize(names) < shape.layers) {
      targets.names.insert(names.begin(), names.end());
    } else if (!means_others(linear->target(), shape, adapted)) {
      targets.names.insert(linear->target());
    } else if (!means_others(linear->name, shape, adapted)) {
      targets.names.insert(linear->name);
    } else {
      targets.names.insert(names.begin(), names.end());
    }
  }
  return targets;
}

}  // namespace

PeftConfig::PeftConfig(const std::filesystem::path& file, const ClassifierShape* classifier)
    : file_(file.string()) {
  const std::string& name = file_;
  const std::string text = read_file(file);
  const json root = parse_json(text, name);
  if (!root.is_object()) throw InputError(name, "an object was expected");
  const auto get = [&root](const char* key) { return root.value(key, json()); };

  if (!is_text(get("peft_type"), "LORA")) {
    throw InputError(
        name, "peft_type: " + get("peft_type").dump() + " is not supported; allowed: \"LORA\"");
  }
  warnings_ = check_peft_keys(root, name);
  const json bias = get("bias");
  if (!bias.is_null() && !is_text(bias, "none")) {
    throw InputError(name, "bias: " + bias.dump() + " is not supported; allowed: \"none\"");
  }
  // Others, such as "pissa", also change the base.
  const json init = get("init_lora_weights");
  const std::vector<std::string> inits = {"gaussian", "eva", "orthogonal", "mica"};
  const bool known = init.is_string() &&
                     std::find(inits.begin(), inits.end(), init.get<std::string>()) != inits.end();
  if (!init.is_null() && !init.is_boolean() && !known) {
    throw InputError(name, "init_lora_weights: " + init.dump() +
                               " is not supported: it may change the base; allowed: true, false, " +
                               join(inits));
  }
  saves_classifier_ = names_classifier(get("modules_to_save"), classifier, name);
  const json rslora = get("use_rslora");
  if (!rslora.is_null() && !rslora.is_boolean()) {
    throw InputError(name, "use_rslora: must be true or false, not " + rslora.dump());
  }
  use_rslora_ = rslora.is_boolean() && rslora.get<bool>();
  rank_ = read_rank(get("r"), name + ": r");
  alpha_ = read_alpha(get("lora_alpha"), name + ": lora_alpha");

  const ordered_json ordered = ordered_json::parse(text);  // of several patterns the first counts
  ranks_ = read_patterns<std::int64_t>(ordered, "rank_pattern", name, read_rank<ordered_json>);
  alphas_ = read_patterns<double>(ordered, "alpha_pattern", name, read_alpha<ordered_json>);
  targets_.emplace(root, name);
}

std::vector<std::string> PeftConfig::warnings(const std::vector<std::string>& modules) const {
  std::vector<std::string> warnings = warnings_;
  if (modules.empty()) return warnings;
  warn_of_unused(ranks_, modules, warnings);
  warn_of_unused(alphas_, modules, warnings);
  for (const std::string& problem : targets_->problems(modules))
    warnings.push_back(problem + "; which modules PEFT adapts is not known");
  std::vector<std::string> strange;
  for (const std::string& module : modules) {
    if (!targets_->include(module).value_or(true)) strange.push_back(module);
  }
  if (!strange.empty()) {
    warnings.push_back(file_ + ": does not name " + std::to_string(strange.size()) + " of the " +
                       std::to_string(modules.size()) +
                       " modules that have factors as targets, such as " + strange.front() +
                       "; they are used here, PEFT leaves them out");
  }
  return warnings;
}

std::int64_t PeftConfig::rank(const std::string& module) const {
  return first_match(ranks_, module, rank_);
}

double PeftConfig::alpha(const std::string& module) const {
  return first_match(alphas_, module, alpha_);
}

std::string peft_config_text(const AdapterLayout& layout, const LoraConfig& lora,
                             const std::string& base_model_name, const ModelShape& shape) {
  json rank_pattern = json::object();
  json alpha_pattern = json::object();
  const Targets targets = targets_of(layout, shape);
  const bool rslora = layout.modules().empty() ? lora.use_rslora : layout.modules()[0].use_rslora;
  for (const auto& module : layout.modules()) {
    if (module.use_rslora != rslora)
      throw std::logic_error("PEFT has one use_rslora for all modules");
    if (module.rank != lora.r) rank_pattern[pattern_for(module.name)] = module.rank;
    if (module.alpha != lora.lora_alpha) {
      alpha_pattern[pattern_for(module.name)] = number(module.alpha);
    }
  }
  json saved;
  if (!layout.whole().empty()) saved = json::array({shape.classifier.value().module});
  const json config = {{"alpha_pattern", alpha_pattern},
                       {"auto_mapping", nullptr},
                       {"base_model_name_or_path", base_model_name},
                       {"bias", "none"},
                       {"fan_in_fan_out", targets.transposed},
                       {"inference_mode", true},
                       {"init_lora_weights", true},
                       {"layer_replication", nullptr},
                       {"layers_pattern", nullptr},
                       {"layers_to_transform", nullptr},
                       {"loftq_config", json::object()},
                       {"lora_alpha", number(lora.lora_alpha)},
                       {"lora_dropout", lora.lora_dropout},
                       {"megatron_config", nullptr},
                       {"megatron_core", "megatron.core"},
                       {"modules_to_save", saved},
                       {"peft_type", "LORA"},
                       {"r", lora.r},
                       {"rank_pattern", rank_pattern},
                       {"revision", nullptr},
                       {"target_modules", targets.names},
                       {"task_type", shape.classifier ? "SEQ_CLS" : "CAUSAL_LM"},
                       {"use_dora", false},
                       {"use_rslora", rslora}};
  // A path need not be UTF-8: the name of the base is not worth losing the adapter.
  return config.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace lorafleet::model
