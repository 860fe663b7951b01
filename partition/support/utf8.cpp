#include "partition/support/utf8.hpp"

namespace lorafleet {

std::optional<CodePoint> decode_utf8(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (position >= text.size()) return std::nullopt;
  const unsigned char lead = byte(position);
  if (lead < 0x80) return CodePoint{lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || position + size > text.size()) return std::nullopt;
  char32_t value = lead & (0x7F >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const unsigned char next = byte(position + i);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    value = (value << 6) | (next & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[size] || surrogate || value > 0x10FFFF) return std::nullopt;
  return CodePoint{value, size};
}

std::optional<std::size_t> invalid_utf8_at(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    const auto code = decode_utf8(text, position);
    if (!code) return position;
    position += code->size;
  }
  return std::nullopt;
}

}  // namespace lorafleet
