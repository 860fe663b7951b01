#include "partition/support/utf8.hpp"

#include <algorithm>

namespace lorafleet {

namespace {

struct Sequence {
  std::size_t length;  ///< of the sequence, or of the maximal subpart to be replaced
  bool valid;
};

/// Looks at the front of non-empty `bytes`.
Sequence front_sequence(std::string_view bytes) {
  const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  // Only the second byte's range depends on the lead.
  unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size() || at(i) < low || at(i) > high) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {length, true};
}

}  // namespace

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !is_continuation(byte); }));
}

std::optional<CodePoint> decode_utf8(std::string_view text, std::size_t position) {
  if (position >= text.size()) return std::nullopt;
  std::string_view rest = text.substr(position);
  if (!front_sequence(rest).valid) return std::nullopt;
  const char32_t value = take_code_point(rest);
  return CodePoint{value, text.size() - position - rest.size()};
}

std::optional<std::size_t> invalid_utf8_at(std::string_view text) {
  const std::size_t valid = valid_utf8_prefix(text);
  return valid == text.size() ? std::nullopt : std::optional(valid);
}

std::size_t valid_utf8_prefix(std::string_view bytes) {
  std::size_t position = 0;
  while (position < bytes.size()) {
    const Sequence sequence = front_sequence(bytes.substr(position));
    if (!sequence.valid) break;
    position += sequence.length;
  }
  return position;
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t valid = valid_utf8_prefix(bytes);
    text += bytes.substr(0, valid);
    bytes.remove_prefix(valid);
    if (!bytes.empty()) {
      text += "\xef\xbf\xbd";
      bytes.remove_prefix(front_sequence(bytes).length);
    }
  }
  return text;
}

char32_t take_code_point(std::string_view& text) {
  const std::size_t length = front_sequence(text).length;
  constexpr unsigned char kLeadBits[] = {0x00, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t code_point = static_cast<unsigned char>(text[0]) & kLeadBits[length];
  for (std::size_t i = 1; i < length; ++i) {
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
  }
  text.remove_prefix(length);
  return code_point;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto put = [&text](char32_t bits) { text.push_back(static_cast<char>(bits)); };
  if (code_point < 0x80) {
    put(code_point);
    return;
  }
  if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      put(0xe0 | code_point >> 12);
    } else {
      put(0xf0 | code_point >> 18);
      put(0x80 | (code_point >> 12 & 0x3f));
    }
    put(0x80 | (code_point >> 6 & 0x3f));
  }
  put(0x80 | (code_point & 0x3f));
}

}  // namespace lorafleet
