#pragma once

#include <optional>
#include <string>

#include "actors/config/federation_config.hpp"
#include "model/network/footprint.hpp"
#include "partition/support/numbers.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

inline std::optional<model::Footprint> footprint_of(const actors::FederationConfig& config) {
  return model::footprint(config.model, config.lora, config.train, config.encoding.max_tokens);
}

/// "float32", or "nf4 and float32" where the linear layers are in NF4.
inline std::string format_text(const model::ModelConfig& base) {
  return (base.quantization == "none" ? "" : base.quantization + " and ") + base.dtype;
}

/// "opt-mini: 5,919,232 parameters, 23.7 MB in float32; 23.1 MFLOP to train a token; …".
inline std::string footprint_text(const model::ModelConfig& base, const model::Footprint& takes) {
  const auto size = [](std::int64_t bytes) {
    return figure(static_cast<double>(bytes) / 1e6) + " MB";
  };
  return base.path.filename().string() + ": " + grouped(takes.parameters) + " parameters, " +
         size(takes.base_bytes) + " in " + format_text(base) +
         (takes.packed_bytes > 0 ? " and " + size(takes.packed_bytes) + " as products read it"
                                 : "") +
         "; " + figure(takes.train_flops_per_token * 1e-6) +
         " MFLOP to train a token; each slot takes " + size(takes.adapter_bytes) +
         " to train an adapter of " + grouped(takes.adapter_values) + " parameters, and about " +
         size(takes.activation_bytes) + " for the activations of " + grouped(takes.rows) +
         " tokens" +
         (takes.dense_bytes > 0 ? ", and " + size(takes.dense_bytes) + " for a layer as numbers"
                                : "");
}

}  // namespace lorafleet::tools
