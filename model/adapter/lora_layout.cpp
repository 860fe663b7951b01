#include "model/adapter/lora_layout.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <tuple>
#include <vector>

#include "model/adapter/module_pattern.hpp"
#include "model/network/base_model.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

const std::vector<std::string>& kind_names() {
  static const std::vector<std::string> names = {"q_proj", "k_proj", "v_proj",     "out_proj",
                                                 "fc1",    "fc2",    "project_in", "project_out"};
  return names;
}

constexpr const char* kAllLinear = "all-linear";

bool has_projections(const OptConfig& opt) {
  return opt.word_embed_proj_dim != 0 && opt.word_embed_proj_dim != opt.hidden_size;
}

/// The kinds that the model has.
std::vector<std::string> kinds_of(const OptConfig& opt) {
  const auto& all = kind_names();
  return {all.begin(), has_projections(opt) ? all.end() : all.begin() + layer_kinds};
}

/// Every place of a linear layer but the output layer, in the order of an adapter's layout.
std::vector<ModulePlace> places_of(const OptConfig& opt) {
  std::vector<ModulePlace> places;
  for (std::int64_t layer = 0; layer < opt.num_hidden_layers; ++layer) {
    for (std::size_t kind = 0; kind < layer_kinds; ++kind)
      places.push_back({layer, static_cast<LinearKind>(kind)});
  }
  if (has_projections(opt)) {
    places.push_back({0, LinearKind::project_in});
    places.push_back({0, LinearKind::project_out});
  }
  return places;
}

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

void check_rank(std::int64_t rank, LinearShape shape, LinearKind kind, const std::string& key) {
  const std::int64_t most = std::min(shape.in, shape.out);
  if (rank >= 1 && rank <= most) return;
  throw InputError(key, "must be from 1 to " + std::to_string(most) + " (the smaller side of " +
                            name_of(kind) + "), not " + std::to_string(rank));
}

/// The modules that lora.target_modules names, without "all-linear". Throws InputError.
std::vector<std::string> targets_of(const OptConfig& opt, const LoraConfig& lora) {
  constexpr const char* kKey = "lora.target_modules";
  const std::vector<std::string> known = kinds_of(opt);
  const auto& targets = lora.target_modules;
  if (targets.empty()) throw InputError(kKey, "is empty; choose from " + join(known));
  if (std::find(targets.begin(), targets.end(), kAllLinear) != targets.end()) {
    if (targets.size() == 1) return known;
    throw InputError(kKey, std::string("\"") + kAllLinear + "\" stands for all modules, alone");
  }
  for (const std::string& name : targets) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (std::find(kind_names().begin(), kind_names().end(), name) != kind_names().end()) {
      throw InputError(kKey, "this OPT has no " + name +
                                 ": its embedding is as wide as its layers; it has " + join(known));
    }
    const std::string nearest = nearest_name(name, known);
    throw InputError(kKey, "unknown module \"" + name + "\"" +
                               (nearest.empty() ? "" : " (did you mean \"" + nearest + "\"?)") +
                               "; OPT has " + join(known) + "; or \"" + kAllLinear + '"');
  }
  return targets;
}

/// The N of "….layers.N.…"; the largest number where there is none.
std::uint64_t layer_of(const std::string& module) {
  constexpr std::string_view kLayers = "layers.";
  std::uint64_t layer = std::numeric_limits<std::uint64_t>::max();
  const std::size_t at = module.find(kLayers);
  if (at != std::string::npos) {
    std::from_chars(module.data() + at + kLayers.size(), module.data() + module.size(), layer);
  }
  return layer;
}

/// Where make_layout puts the module within its layer.
std::size_t kind_of_module(const std::string& module) {
  const std::string last = module.substr(module.rfind('.') + 1);
  for (std::size_t kind = 0; kind < linear_kinds; ++kind) {
    if (name_of(static_cast<LinearKind>(kind)) == last) return kind;
  }
  return linear_kinds;
}

}  // namespace

std::string name_of(LinearKind kind) {
  return kind_names()[static_cast<std::size_t>(kind)];
}

std::string module_name(std::int64_t layer, LinearKind kind) {
  if (static_cast<std::size_t>(kind) >= layer_kinds) return "model.decoder." + name_of(kind);
  const bool attention = kind != LinearKind::fc1 && kind != LinearKind::fc2;
  return "model.decoder.layers." + std::to_string(layer) + (attention ? ".self_attn." : ".") +
         name_of(kind);
}

bool comes_before(const std::string& a, const std::string& b) {
  return std::tuple(layer_of(a), kind_of_module(a), a) <
         std::tuple(layer_of(b), kind_of_module(b), b);
}

LinearShape shape_of(const OptConfig& opt, LinearKind kind) {
  switch (kind) {
    case LinearKind::fc1:
      return {opt.hidden_size, opt.ffn_dim};
    case LinearKind::fc2:
      return {opt.ffn_dim, opt.hidden_size};
    case LinearKind::project_in:
      return {opt.word_embed_proj_dim, opt.hidden_size};
    case LinearKind::project_out:
      return {opt.hidden_size, opt.word_embed_proj_dim};
    default:
      return {opt.hidden_size, opt.hidden_size};
  }
}

ModulePlace find_module(const OptConfig& opt, const LoraModule& module) {
  for (const ModulePlace place : places_of(opt)) {
    if (module_name(place.layer, place.kind) != module.name) continue;
    const LinearShape shape = shape_of(opt, place.kind);
    if (shape.in != module.in || shape.out != module.out) {
      throw InputError("adapter",
                       module.name + " adapts a layer of [" + std::to_string(module.out) + ", " +
                           std::to_string(module.in) + "], the base's is [" +
                           std::to_string(shape.out) + ", " + std::to_string(shape.in) + "]");
    }
    return place;
  }
  throw InputError("adapter", "the base has no layer " + module.name + "; it has " +
                                  std::to_string(opt.num_hidden_layers) +
                                  " decoder layers; linear ones are " + join(kinds_of(opt)));
}

LayoutPtr make_layout(const OptConfig& opt, const LoraConfig& lora) {
  const std::vector<std::string> targets = targets_of(opt, lora);
  if (!std::isfinite(lora.lora_alpha) || lora.lora_alpha <= 0.0) {
    throw InputError("lora.lora_alpha", "must be above 0");
  }
  const Patterns ranks(lora.rank_pattern, "lora.rank_pattern");
  const Patterns alphas(lora.alpha_pattern, "lora.alpha_pattern");
  std::vector<LoraModule> modules;
  for (const ModulePlace place : places_of(opt)) {
    if (std::find(targets.begin(), targets.end(), name_of(place.kind)) == targets.end()) continue;
    const LinearShape shape = shape_of(opt, place.kind);
    const std::string name = module_name(place.layer, place.kind);
    const RankPattern* rank = ranks.find(name);
    const AlphaPattern* alpha = alphas.find(name);
    const std::int64_t r = rank == nullptr ? lora.r : rank->r;
    check_rank(r, shape, place.kind, rank == nullptr ? "lora.r" : "lora.rank_pattern");
    modules.push_back({name, shape.in, shape.out, r,
                       alpha == nullptr ? lora.lora_alpha : alpha->lora_alpha, lora.use_rslora});
  }
  ranks.check_used(modules);
  alphas.check_used(modules);
  return std::make_shared<const AdapterLayout>(std::move(modules));
}

}  // namespace lorafleet::model
