#include "model/text/pipeline/setting.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

const nlohmann::json kNull;
constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kShown = 200;

}  // namespace

Setting::Setting(const nlohmann::json& root, std::string file)
    : Setting(&root, std::move(file), "") {}

Setting::Setting(const nlohmann::json* value, std::string file, std::string path)
    : value_(value), file_(std::move(file)), path_(std::move(path)) {}

Setting Setting::at(const std::string& key) const {
  const nlohmann::json* value = &kNull;
  if (value_->is_object()) {
    if (const auto found = value_->find(key); found != value_->end()) value = &*found;
  }
  return {value, file_, path_.empty() ? key : path_ + '.' + key};
}

Setting Setting::item(std::size_t index) const {
  return {&value_->at(index), file_, path_ + '[' + std::to_string(index) + ']'};
}

std::size_t Setting::size() const {
  if (!is_array()) refuse("an array was expected, not " + std::string(kind_of(*value_)));
  return value_->size();
}

bool Setting::is_null() const {
  return value_->is_null();
}

bool Setting::is_object() const {
  return value_->is_object();
}

bool Setting::is_array() const {
  return value_->is_array();
}

bool Setting::is_string() const {
  return value_->is_string();
}

bool Setting::is_number() const {
  return value_->is_number();
}

std::string Setting::name() const {
  return is_string() ? value_->get<std::string>() : "";
}

std::string Setting::text() const {
  if (!is_string()) refuse("a string was expected, not " + shown());
  return value_->get<std::string>();
}

std::string Setting::text_or(std::string_view fallback) const {
  return is_null() ? std::string(fallback) : text();
}

std::string Setting::character_or(std::string_view fallback) const {
  const std::string character = text_or(fallback);
  const auto decoded = decode_utf8(character, 0);
  if (!decoded || decoded->size != character.size()) {
    refuse("one character was expected, not " + shown());
  }
  return character;
}

bool Setting::flag_or(bool fallback) const {
  if (is_null()) return fallback;
  if (!value_->is_boolean()) refuse("must be true or false, not " + shown());
  return value_->get<bool>();
}

double Setting::number() const {
  const double number = is_number() ? value_->get<double>() : std::nan("");
  if (!std::isfinite(number)) refuse("a number was expected, not " + shown());
  return number;
}

std::int32_t Setting::id(const Setting& whole) const {
  if (!is_unsigned_up_to(*value_, kMost)) {
    whole.refuse("an id must be an integer from 0 to 2147483647, not " + shown());
  }
  return value_->get<std::int32_t>();
}

std::size_t Setting::count_or(std::size_t fallback) const {
  if (is_null()) return fallback;
  if (!is_unsigned_up_to(*value_, kMost)) {
    refuse("must be an integer from 0 to 2147483647, not " + shown());
  }
  return value_->get<std::size_t>();
}

std::string Setting::place() const {
  return path_.empty() ? file_ : file_ + ": " + path_;
}

std::string Setting::shown() const {
  std::string text = value_->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() <= kShown) return text;
  return replace_invalid_utf8(text.substr(0, kShown)) + "…";
}

void Setting::refuse(const std::string& what) const {
  throw InputError(place(), what);
}

}  // namespace lorafleet::model
