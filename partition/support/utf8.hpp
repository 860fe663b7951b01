#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lorafleet {

/// One code point and the number of bytes that it takes.
struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;
};

/// U+FEFF, which some programs put in front of a text.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::string_view without_byte_order_mark(std::string_view text) {
  return text.substr(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
}

/// Whether a code point's sequence goes on with this byte, rather than beginning with it.
constexpr bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0u) == 0x80;
}

/// Of well-formed text.
std::size_t count_code_points(std::string_view text);

/// The code point at `position` of `text`, or nothing where the bytes there are no well-formed
/// UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::optional<CodePoint> decode_utf8(std::string_view text, std::size_t position);

/// The position of the first byte that is not well-formed UTF-8, or nothing.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);

/// Length of the longest prefix that is well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no
/// overlong forms, nothing above U+10FFFF).
std::size_t valid_utf8_prefix(std::string_view bytes);

/// Each maximal ill-formed subpart becomes one U+FFFD, as with Python's `errors="replace"`.
std::string replace_invalid_utf8(std::string_view bytes);

/// The code point at the front of well-formed, non-empty text, which is moved past it.
char32_t take_code_point(std::string_view& text);

void append_utf8(std::string& text, char32_t code_point);

}  // namespace lorafleet
