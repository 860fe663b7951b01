#include "actors/output/json_fields.hpp"

#include <cmath>
#include <limits>

namespace lorafleet::actors {

using Json = nlohmann::json;

Json JsonParts::of(bool value) {
  return value;
}
Json JsonParts::of(std::int64_t value) {
  return value;
}
Json JsonParts::of(std::uint64_t value) {
  return value;
}
Json JsonParts::of(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
Json JsonParts::of(const std::string& value) {
  return value;
}
Json JsonParts::list() {
  return Json::array();
}
void JsonParts::append(Json& list, Json element) {
  list.push_back(std::move(element));
}
void JsonParts::set(Json& object, const char* name, Json member) {
  object[name] = std::move(member);
}

void JsonParts::read(const Json& json, bool& value) {
  json.get_to(value);
}
void JsonParts::read(const Json& json, std::int64_t& value) {
  json.get_to(value);
}
void JsonParts::read(const Json& json, std::uint64_t& value) {
  json.get_to(value);
}
void JsonParts::read(const Json& json, double& value) {
  if (json.is_number()) {
    json.get_to(value);
    return;
  }
  const auto text = json.get<std::string>();
  const double infinity = std::numeric_limits<double>::infinity();
  value = text == "nan"   ? std::numeric_limits<double>::quiet_NaN()
          : text == "inf" ? infinity
                          : -infinity;
}
void JsonParts::read(const Json& json, std::string& value) {
  json.get_to(value);
}
const std::vector<Json>& JsonParts::elements(const Json& list) {
  return list.get_ref<const std::vector<Json>&>();
}
const Json& JsonParts::element(const Json& list, std::size_t place) {
  return list.at(place);
}
const Json& JsonParts::member(const Json& object, const char* name) {
  return object.at(name);
}

}  // namespace lorafleet::actors
