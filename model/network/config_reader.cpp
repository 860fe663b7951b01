#include "model/network/config_reader.hpp"

#include <limits>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

ConfigReader::ConfigReader(const std::filesystem::path& file)
    : file_(file.string()), root_(parse_json(read_file(file), file_)) {
  if (!root_.is_object()) {
    throw InputError(file_, "an object was expected, not " + std::string(kind_of(root_)));
  }
}

void ConfigReader::refuse(const std::string& key, const std::string& reason) const {
  throw InputError(file_, key + ": " + reason);
}

std::int64_t ConfigReader::size(const std::string& key, std::int64_t most) const {
  if (find(key) == nullptr) {
    refuse(key, "is missing; an integer from 1 to " + std::to_string(most) + " is needed");
  }
  return integer(key, 0, 1, most);
}

std::int64_t ConfigReader::integer(const std::string& key, std::int64_t fallback,
                                   std::int64_t least, std::int64_t most) const {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!is_unsigned_up_to(*value, static_cast<std::uint64_t>(most)) ||
      value->get<std::int64_t>() < least) {
    refuse(key, "must be an integer from " + std::to_string(least) + " to " + std::to_string(most) +
                    ", not " + value->dump());
  }
  return value->get<std::int64_t>();
}

bool ConfigReader::boolean(const std::string& key, bool fallback) const {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) refuse(key, "must be true or false, not " + value->dump());
  return value->get<bool>();
}

double ConfigReader::probability(const std::string& key, double fallback) const {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_number() || !(value->get<double>() >= 0.0 && value->get<double>() < 1.0)) {
    refuse(key, "must be a number from 0 to below 1, not " + value->dump());
  }
  return value->get<double>();
}

std::string ConfigReader::string(const std::string& key, const std::string& fallback) const {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) refuse(key, "must be a string, not " + value->dump());
  return value->get<std::string>();
}

std::int32_t ConfigReader::token(const std::string& key, std::int32_t fallback,
                                 std::int64_t vocab_size) const {
  const std::int64_t id = integer(key, fallback, 0, std::numeric_limits<std::int32_t>::max());
  if (id >= vocab_size) {
    refuse(key, std::to_string(id) + " is not below vocab_size = " + std::to_string(vocab_size));
  }
  return static_cast<std::int32_t>(id);
}

const json* ConfigReader::find(const std::string& key) const {
  const auto found = root_.find(key);
  return found == root_.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace lorafleet::model
