#include "partition/support/printable.hpp"

#include <algorithm>
#include <vector>

#include "partition/support/utf8.hpp"

namespace lorafleet {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_control(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value < 0xA0);
}

/// Neither a control character, nor an end of a line, nor one that XML does not allow.
bool is_shown(char32_t value) {
  return !is_control(value) && value != 0x2028 && value != 0x2029 && value != 0xFFFE &&
         value != 0xFFFF;
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

std::string short_name(std::string_view name, std::size_t most) {
  constexpr std::string_view kCut = "..";
  std::vector<std::string_view> letters;
  for (std::size_t at = 0; at < name.size() && letters.size() <= most;) {
    const auto code = decode_utf8(name, at);
    const std::size_t size = code ? code->size : 1;
    if (code && is_shown(code->value)) {
      letters.push_back(name.substr(at, size));
    } else if (letters.empty() || letters.back() != " ") {
      letters.emplace_back(" ");
    }
    at += size;
  }
  const bool cut = letters.size() > most;
  if (cut) letters.resize(most - std::min(most, kCut.size()));
  std::string text;
  for (const auto& letter : letters)
    text += letter;
  if (cut) text += kCut.substr(0, most);
  return text;
}

}  // namespace lorafleet
