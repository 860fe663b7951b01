#include "model/adapter/lora_layout.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "model/adapter/module_pattern.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

/// lora.rank_pattern or lora.alpha_pattern.
template <typename Entry>
class Patterns {
 public:
  Patterns(const std::vector<Entry>& entries, std::string key)
      : entries_(entries), key_(std::move(key)) {
    for (const Entry& entry : entries)
      patterns_.emplace_back(entry.modules, key_ + ": \"" + entry.modules + '"');
  }

  /// The first that matches, or nullptr.
  [[nodiscard]] const Entry* find(const std::string& module) const {
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      if (patterns_[i].matches(module)) return &entries_[i];
    }
    return nullptr;
  }

  /// Throws InputError for an entry without a module of its own.
  void check_used(const std::vector<LoraModule>& modules) const {
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      const auto matches = [&](const auto& module) { return patterns_[i].matches(module.name); };
      const auto own = [&](const auto& module) { return find(module.name) == &entries_[i]; };
      if (std::none_of(modules.begin(), modules.end(), matches)) {
        throw InputError(key_, "\"" + entries_[i].modules + "\" matches none of the " +
                                   std::to_string(modules.size()) + " adapted modules, such as " +
                                   modules.front().name);
      }
      if (std::none_of(modules.begin(), modules.end(), own)) {
        throw InputError(key_, "\"" + entries_[i].modules +
                                   "\" is never used: entries before it match all of its modules");
      }
    }
  }

 private:
  const std::vector<Entry>& entries_;
  std::string key_;
  std::vector<ModulePattern> patterns_;
};

void check_rank(std::int64_t rank, const LinearShape& linear, const std::string& key) {
  const std::int64_t most = std::min(linear.in, linear.out);
  if (rank >= 1 && rank <= most) return;
  throw InputError(key, "must be from 1 to " + std::to_string(most) + " (the smaller side of " +
                            linear.target() + "), not " + std::to_string(rank));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// As PEFT compares: the whole name, or all after one of its dots.
bool names_module(const std::string& target, const std::string& module) {
  return module == target || module.ends_with('.' + target);
}

bool names_any(const std::string& target, const ModelShape& shape) {
  for (std::size_t i = 0; i < shape.modules(); ++i) {
    if (names_module(target, shape.module_name(i))) return true;
  }
  return false;
}

/// The modules that lora.target_modules names, without kAllLinear. Throws InputError.
std::vector<std::string> targets_of(const ModelShape& shape, const LoraConfig& lora) {
  constexpr const char* kKey = "lora.target_modules";
  const std::vector<std::string> known = shape.targets();
  const auto& targets = lora.target_modules;
  if (targets.empty()) throw InputError(kKey, "is empty; choose from " + join(known));
  if (contains(targets, kAllLinear)) {
    if (targets.size() == 1) return known;
    throw InputError(kKey, std::string("\"") + kAllLinear + "\" stands for all modules, alone");
  }
  for (const std::string& name : targets) {
    if (names_any(name, shape)) continue;
    throw InputError(kKey, "unknown module \"" + name + "\"" +
                               did_you_mean_aside(nearest_name(name, known), "\"") +
                               "; this base (" + shape.family + ") has " + join(known) + "; or \"" +
                               kAllLinear + '"');
  }
  return targets;
}

}  // namespace

void check_targets(const ModelShape& shape, const LoraConfig& lora) {
  targets_of(shape, lora);
}

std::size_t find_module(const ModelShape& shape, const LoraModule& module) {
  const auto found = shape.find(module.name);
  if (!found) {
    throw InputError("adapter", "the base has no layer " + module.name + "; it has " +
                                    std::to_string(shape.layers) +
                                    " decoder layers; linear ones are " + join(shape.targets()));
  }
  const LinearShape& linear = shape.linear(*found);
  if (linear.in != module.in || linear.out != module.out) {
    throw InputError("adapter", module.name + " adapts a layer of [" + std::to_string(module.out) +
                                    ", " + std::to_string(module.in) + "], the base's is [" +
                                    std::to_string(linear.out) + ", " + std::to_string(linear.in) +
                                    "]");
  }
  return *found;
}

void check_whole(const ModelShape& shape, const std::vector<WholeTensor>& whole) {
  if (whole.empty()) return;
  if (!shape.classifier) {
    throw InputError("adapter", "trains " + whole.front().name +
                                    ", and the base is a language model without such a layer");
  }
  const std::vector<WholeTensor>& own = shape.classifier->tensors;
  for (std::size_t i = 0; i < std::max(own.size(), whole.size()); ++i) {
    if (i < own.size() && i < whole.size() && own[i] == whole[i]) continue;
    throw InputError("adapter", "its classifier does not fit the base's of " +
                                    std::to_string(shape.classifier->labels) +
                                    " labels: " + (i < whole.size() ? whole[i] : own[i]).name +
                                    " has another shape, or is missing");
  }
}

LayoutPtr make_layout(const ModelShape& shape, const LoraConfig& lora) {
  const std::vector<std::string> targets = targets_of(shape, lora);
  if (!std::isfinite(lora.lora_alpha) || lora.lora_alpha <= 0.0) {
    throw InputError("lora.lora_alpha", "must be above 0");
  }
  const Patterns ranks(lora.rank_pattern, "lora.rank_pattern");
  const Patterns alphas(lora.alpha_pattern, "lora.alpha_pattern");
  std::vector<LoraModule> modules;
  for (std::size_t i = 0; i < shape.modules(); ++i) {
    const LinearShape& linear = shape.linear(i);
    const std::string name = shape.module_name(i);
    if (std::none_of(targets.begin(), targets.end(),
                     [&](const std::string& target) { return names_module(target, name); })) {
      continue;
    }
    const RankPattern* rank = ranks.find(name);
    const AlphaPattern* alpha = alphas.find(name);
    const std::int64_t r = rank == nullptr ? lora.r : rank->r;
    check_rank(r, linear, rank == nullptr ? "lora.r" : "lora.rank_pattern");
    modules.push_back({name, linear.in, linear.out, r,
                       alpha == nullptr ? lora.lora_alpha : alpha->lora_alpha, lora.use_rslora});
  }
  ranks.check_used(modules);
  alphas.check_used(modules);
  return std::make_shared<const AdapterLayout>(
      std::move(modules),
      shape.classifier ? shape.classifier->tensors : std::vector<WholeTensor>());
}

}  // namespace lorafleet::model
