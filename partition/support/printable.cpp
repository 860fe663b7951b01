#include "partition/support/printable.hpp"

#include "partition/support/utf8.hpp"

namespace lorafleet {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_control(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value < 0xA0);
}

}  // namespace

bool is_printable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode_utf8(text, at);
    if (!point || is_control(point->value)) return false;
    at += point->size;
  }
  return true;
}

std::string printable(std::string_view text, bool lines) {
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode_utf8(text, at);
    const std::size_t size = point ? point->size : 1;
    const bool kept = point && (!is_control(point->value) ||
                                (lines && (point->value == '\n' || point->value == '\t')));
    safe += kept ? text.substr(at, size) : kReplacement;
    at += size;
  }
  return safe;
}

}  // namespace lorafleet
