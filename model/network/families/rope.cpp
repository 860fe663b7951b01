#include "model/network/families/rope.hpp"

#include <cmath>
#include <numbers>

#include "model/network/config_reader.hpp"

namespace lorafleet::model {
namespace {

void divide(RotaryFrequencies& frequencies, float factor) {
  for (float& frequency : frequencies)
    frequency /= factor;
}

/// Long waves are slowed down by `factor`, short ones stay, those between are mixed (Llama 3.1).
void stretch(RotaryFrequencies& frequencies, const ConfigReader& scaling) {
  const auto factor = static_cast<float>(scaling.positive("factor"));
  const auto low = static_cast<float>(scaling.positive("low_freq_factor"));
  const auto high = static_cast<float>(scaling.positive("high_freq_factor"));
  const auto original = static_cast<float>(scaling.positive("original_max_position_embeddings"));
  if (high <= low) scaling.refuse("high_freq_factor", "must be above low_freq_factor");
  for (float& frequency : frequencies) {
    const float wave = 2.0f * std::numbers::pi_v<float> / frequency;
    if (wave < original / high) continue;
    const float slow = frequency / factor;
    if (wave > original / low) {
      frequency = slow;
      continue;
    }
    const float share = (original / wave - low) / (high - low);
    frequency = (1.0f - share) * slow + share * frequency;
  }
}

RotaryFrequencies scaled_rope(const ConfigReader& scaling, std::int64_t dims, double theta) {
  RotaryFrequencies frequencies = plain_rope(dims, scaling.positive("rope_theta", theta));
  const std::string key = scaling.states("rope_type") ? "rope_type" : "type";
  const std::string type = scaling.string(key, "default");
  if (type == "linear") {
    divide(frequencies, static_cast<float>(scaling.positive("factor")));
  } else if (type == "llama3") {
    stretch(frequencies, scaling);
  } else if (type != "default") {
    scaling.refuse(key, "\"" + type + "\" is not supported; allowed: default, linear, llama3");
  }
  return frequencies;
}

}  // namespace

RotaryFrequencies plain_rope(std::int64_t dims, double theta) {
  RotaryFrequencies frequencies;
  for (std::int64_t i = 0; i < dims; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(dims);
    frequencies.push_back(1.0f / std::pow(static_cast<float>(theta), exponent));
  }
  return frequencies;
}

RotaryFrequencies read_rope(const ConfigReader& config, std::int64_t dims, double usual_theta) {
  const double theta = config.positive("rope_theta", usual_theta);
  for (const char* key : {"rope_parameters", "rope_scaling"}) {
    if (const auto scaling = config.part(key)) return scaled_rope(*scaling, dims, theta);
  }
  return plain_rope(dims, theta);
}

RotaryFrequencies read_rope(const ConfigReader& config, std::int64_t dims, double usual_theta,
                            const std::string& layer_type) {
  const auto parameters = config.part("rope_parameters");
  const auto own = parameters ? parameters->part(layer_type) : std::nullopt;
  return own ? scaled_rope(*own, dims, usual_theta) : read_rope(config, dims, usual_theta);
}

}  // namespace lorafleet::model
