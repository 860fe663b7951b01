#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace lorafleet::report {

/// The number under a key; NaN where there is none.
inline double number_in(const nlohmann::ordered_json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : std::nan("");
}

}  // namespace lorafleet::report
