#pragma once

#include <cstdint>
#include <string>

#include "model/network/layers/parts.hpp"

namespace lorafleet::model {

class ConfigReader;

/// The frequencies of rotary positions over `dims` dimensions of a head, as config.json has them:
/// theta and `rope_type` (default, linear, or llama3) in rope_parameters, or rope_theta and
/// rope_scaling of older files. Types whose frequencies depend on the batch, or change the scores,
/// are refused.
RotaryFrequencies read_rope(const ConfigReader& config, std::int64_t dims, double usual_theta);

/// The same where each type of layer has its own: rope_parameters.<layer_type>, else what
/// read_rope says of the older keys.
RotaryFrequencies read_rope(const ConfigReader& config, std::int64_t dims, double usual_theta,
                            const std::string& layer_type);

/// Theta alone, without scaling.
RotaryFrequencies plain_rope(std::int64_t dims, double theta);

}  // namespace lorafleet::model
