#include "actors/output/json_fields.hpp"

#include <cmath>
#include <limits>

namespace lorafleet::actors {

nlohmann::json real_to_json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

double real_from_json(const nlohmann::json& json) {
  if (json.is_number()) return json.get<double>();
  const auto text = json.get<std::string>();
  const double infinity = std::numeric_limits<double>::infinity();
  return text == "nan"   ? std::numeric_limits<double>::quiet_NaN()
         : text == "inf" ? infinity
                         : -infinity;
}

}  // namespace lorafleet::actors
