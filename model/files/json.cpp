#include "model/files/json.hpp"

#include <string>
#include <unordered_set>
#include <vector>

#include "partition/support/error.hpp"

namespace lorafleet::model {

using nlohmann::json;

json parse_json(std::string_view text, std::string_view place, int max_depth) {
  std::vector<std::unordered_set<std::string>> open_objects;
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > max_depth) throw InputError(place, "not valid JSON: nested too deeply");
    if (event == json::parse_event_t::object_start) {
      open_objects.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      open_objects.pop_back();
    } else if (event == json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!open_objects.back().insert(key).second) {
        throw InputError(place, "the key \"" + key + "\" occurs twice");
      }
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), check);
  } catch (const json::exception& error) {
    std::string_view reason = error.what();  // "[json.exception.parse_error.101] parse error at …"
    if (const auto end = reason.find("] "); end != std::string_view::npos) {
      reason.remove_prefix(end + 2);
    }
    throw InputError(place, "not valid JSON: " + std::string(reason));
  }
}

bool is_unsigned_up_to(const json& value, std::uint64_t most) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= most;
}

std::string_view kind_of(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "an array";
    case json::value_t::string:
      return "a string";
    case json::value_t::boolean:
      return "a boolean";
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      return "an integer";
    case json::value_t::number_float:
      return "a number with a fraction";
    default:
      return "no JSON value";
  }
}

}  // namespace lorafleet::model
