#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "model/network/footprint.hpp"

namespace lorafleet::tools {

inline std::optional<model::Footprint> footprint_of(const actors::FederationConfig& config) {
  return model::footprint(config.model, config.lora, config.train, config.encoding.max_tokens);
}

/// "float32", or "nf4 and float32" where the linear layers are in NF4.
std::string format_text(const model::ModelConfig& base);

/// What training takes where slots.device says, which need not be there; nothing without a
/// config.json. A line for the CPU, "opt-mini: 5,919,232 parameters, 23.7 MB in float32; 23.1 MFLOP
/// to train a token; …"; for a GPU another one about how many jobs fit into common sizes.
std::vector<std::string> footprint_lines(const actors::FederationConfig& config);

}  // namespace lorafleet::tools
