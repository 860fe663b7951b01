#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace lorafleet {

/// One code point and the number of bytes that it takes.
struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;
};

/// The code point at `position` of `text`, or nothing where the bytes there are no well-formed
/// UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::optional<CodePoint> decode_utf8(std::string_view text, std::size_t position);

/// The position of the first byte that is not well-formed UTF-8, or nothing.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);

}  // namespace lorafleet
