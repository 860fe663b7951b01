#include "model/network/config_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

ConfigReader::ConfigReader(const std::filesystem::path& file)
    : ConfigReader(read_file(file), file.string()) {}

ConfigReader::ConfigReader(const std::string& text, std::string name)
    : file_(std::move(name)), root_(parse_json(text, file_)) {
  if (!root_.is_object()) {
    throw InputError(file_, "an object was expected, not " + std::string(kind_of(root_)));
  }
}

void ConfigReader::refuse(const std::string& key, const std::string& reason) const {
  throw InputError(file_, prefix_ + key + ": " + reason);
}

void ConfigReader::refuse_if_set(const std::string& key, const std::string& reason) const {
  const json* value = find(key);
  if (value != nullptr && *value != false) refuse(key, reason);
}

std::optional<ConfigReader> ConfigReader::part(const std::string& key) const {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) refuse(key, "must be an object, not " + value->dump());
  ConfigReader result = *this;
  result.prefix_ = prefix_ + key + ".";
  result.root_ = json(*value);
  return result;
}

std::int64_t ConfigReader::size(const std::string& key, std::int64_t most) const {
  if (find(key) == nullptr) {
    refuse(key, "is missing; an integer from 1 to " + std::to_string(most) + " is needed");
  }
  return integer(key, 0, 1, most);
}

std::vector<std::string> ConfigReader::numbered(const std::string& key) const {
  const json* value = find(key);
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (!value->is_object()) refuse(key, "must be an object, not " + value->dump());
  for (std::size_t i = 0; i < value->size(); ++i) {
    const auto found = value->find(std::to_string(i));
    if (found == value->end()) {
      refuse(key, "must have the keys \"0\" to \"" + std::to_string(value->size() - 1) + "\"; \"" +
                      std::to_string(i) + "\" is missing");
    }
    if (found->is_null() || found->is_structured()) {
      refuse(key + "." + std::to_string(i), "must be a string, not " + found->dump());
    }
    texts.push_back(found->is_string() ? found->get<std::string>() : found->dump());
  }
  return texts;
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

std::int64_t ConfigReader::whole(const std::string& key, std::int64_t fallback) const {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() ||
                     is_unsigned_up_to(*value, std::numeric_limits<std::int64_t>::max()));
  if (!fits) refuse(key, "must be an integer, not " + value->dump());
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

double ConfigReader::positive(const std::string& key, std::optional<double> fallback) const {
  const json* value = find(key);
  if (value == nullptr) {
    if (!fallback) refuse(key, "is missing; a number above 0 is needed");
    return *fallback;
  }
  if (!value->is_number() || !(value->get<double>() > 0.0) ||
      !std::isfinite(value->get<double>())) {
    refuse(key, "must be a number above 0, not " + value->dump());
  }
  return value->get<double>();
}

std::string ConfigReader::string(const std::string& key, const std::string& fallback) const {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) refuse(key, "must be a string, not " + value->dump());
  return value->get<std::string>();
}

std::vector<std::string> ConfigReader::strings(const std::string& key) const {
  std::vector<std::string> result;
  const json* value = find(key);
  if (value == nullptr) return result;
  const auto is_string = [](const json& item) { return item.is_string(); };
  if (!value->is_array() || !std::all_of(value->begin(), value->end(), is_string)) {
    refuse(key, "must be a list of strings, not " + value->dump());
  }
  return value->get<std::vector<std::string>>();
}

Activation ConfigReader::activation(const std::string& key, const std::string& fallback) const {
  const std::string name = string(key, fallback);
  const auto* known = activations().find(name);
  if (known == nullptr) {
    refuse(key, "\"" + name + "\" is not supported; allowed: " + join(activations().names()));
  }
  return known->value;
}

std::int32_t ConfigReader::checked_token(const std::string& key, const json& value,
                                         std::int64_t vocabulary) const {
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  if (!is_unsigned_up_to(value, static_cast<std::uint64_t>(kMost))) {
    refuse(key, "must be an integer from 0 to " + std::to_string(kMost) + ", not " + value.dump());
  }
  const auto id = value.get<std::int32_t>();
  if (id >= vocabulary) {
    refuse(key, std::to_string(id) + " is not below vocab_size = " + std::to_string(vocabulary));
  }
  return id;
}

std::int32_t ConfigReader::token(const std::string& key, std::int32_t fallback,
                                 std::int64_t vocabulary) const {
  const json* value = find(key);
  const json usual = static_cast<std::uint64_t>(fallback);
  return checked_token(key, value == nullptr ? usual : *value, vocabulary);
}

std::vector<std::int32_t> ConfigReader::tokens(const std::string& key,
                                               std::int64_t vocabulary) const {
  const json* value = find(key);
  std::vector<std::int32_t> ids;
  if (value == nullptr) return ids;
  for (const json& id : value->is_array() ? *value : json::array({*value}))
    ids.push_back(checked_token(key, id, vocabulary));
  return ids;
}

const json* ConfigReader::find(const std::string& key) const {
  const auto found = root_.find(key);
  return found == root_.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace lorafleet::model
