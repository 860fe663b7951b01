#include "model/lora_layout.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/base_model.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

const std::vector<std::string>& kind_names() {
  static const std::vector<std::string> names = {"q_proj",   "k_proj", "v_proj",
                                                 "out_proj", "fc1",    "fc2"};
  return names;
}

}  // namespace

std::string name_of(LinearKind kind) {
  return kind_names()[static_cast<std::size_t>(kind)];
}

std::string module_name(std::int64_t layer, LinearKind kind) {
  const bool attention = kind != LinearKind::fc1 && kind != LinearKind::fc2;
  return "model.decoder.layers." + std::to_string(layer) + (attention ? ".self_attn." : ".") +
         name_of(kind);
}

LinearShape shape_of(const OptConfig& opt, LinearKind kind) {
  switch (kind) {
    case LinearKind::fc1:
      return {opt.hidden_size, opt.ffn_dim};
    case LinearKind::fc2:
      return {opt.ffn_dim, opt.hidden_size};
    default:
      return {opt.hidden_size, opt.hidden_size};
  }
}

ModulePlace find_module(const OptConfig& opt, const LoraModule& module) {
  for (std::int64_t layer = 0; layer < opt.num_hidden_layers; ++layer) {
    for (std::size_t kind = 0; kind < linear_kinds; ++kind) {
      const ModulePlace place{layer, static_cast<LinearKind>(kind)};
      if (module_name(layer, place.kind) != module.name) continue;
      const LinearShape shape = shape_of(opt, place.kind);
      if (shape.in != module.in || shape.out != module.out) {
        throw InputError("adapter",
                         module.name + " adapts a layer of [" + std::to_string(module.out) + ", " +
                             std::to_string(module.in) + "], the base's is [" +
                             std::to_string(shape.out) + ", " + std::to_string(shape.in) + "]");
      }
      return place;
    }
  }
  throw InputError("adapter", "the base has no layer " + module.name + "; it has " +
                                  std::to_string(opt.num_hidden_layers) + " decoder layers with " +
                                  join(kind_names()));
}

LayoutPtr make_layout(const OptConfig& opt, const LoraConfig& lora) {
  if (lora.target_modules.empty()) {
    throw InputError("lora.target_modules", "is empty; choose from " + join(kind_names()));
  }
  for (const std::string& name : lora.target_modules) {
    if (std::find(kind_names().begin(), kind_names().end(), name) != kind_names().end()) continue;
    const std::string nearest = nearest_name(name, kind_names());
    throw InputError("lora.target_modules",
                     "unknown module \"" + name + "\"" +
                         (nearest.empty() ? "" : " (did you mean \"" + nearest + "\"?)") +
                         "; OPT has " + join(kind_names()));
  }
  if (!std::isfinite(lora.lora_alpha) || lora.lora_alpha <= 0.0) {
    throw InputError("lora.lora_alpha", "must be above 0");
  }
  std::vector<LoraModule> modules;
  for (std::int64_t layer = 0; layer < opt.num_hidden_layers; ++layer) {
    for (std::size_t i = 0; i < linear_kinds; ++i) {
      if (std::find(lora.target_modules.begin(), lora.target_modules.end(), kind_names()[i]) ==
          lora.target_modules.end()) {
        continue;
      }
      const auto kind = static_cast<LinearKind>(i);
      const LinearShape shape = shape_of(opt, kind);
      const std::int64_t most = std::min(shape.in, shape.out);
      if (lora.r < 1 || lora.r > most) {
        throw InputError("lora.r", "must be from 1 to " + std::to_string(most) +
                                       " (the smaller side of " + name_of(kind) + "), not " +
                                       std::to_string(lora.r));
      }
      modules.push_back({module_name(layer, kind), shape.in, shape.out, lora.r, lora.lora_alpha,
                         lora.use_rslora});
    }
  }
  return std::make_shared<const AdapterLayout>(std::move(modules));
}

}  // namespace lorafleet::model
