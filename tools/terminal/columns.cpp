#include "tools/terminal/columns.hpp"

#include <unicode/uchar.h>

#include <cstdint>

#include "partition/support/utf8.hpp"

namespace lorafleet::tools {

namespace {

/// Takes the first letter off, and says how wide it is.
std::size_t take_letter(std::string_view& text) {
  const auto letter = decode_utf8(text, 0);
  text.remove_prefix(letter ? letter->size : 1);
  return letter ? columns_of(letter->value) : 1;
}

}  // namespace

std::size_t columns_of(char32_t code_point) {
  const auto letter = static_cast<UChar32>(code_point);
  constexpr UChar32 kSoftHyphen = 0xAD;  // terminals show it
  constexpr std::uint32_t kShapeless = U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK | U_GC_CC_MASK;
  if (letter == kSoftHyphen) return 1;
  if ((U_MASK(u_charType(letter)) & kShapeless) != 0) return 0;
  // The later letters of a Hangul syllable stand in the place of the first.
  const int hangul = u_getIntPropertyValue(letter, UCHAR_HANGUL_SYLLABLE_TYPE);
  if (hangul == U_HST_VOWEL_JAMO || hangul == U_HST_TRAILING_JAMO) return 0;
  const int width = u_getIntPropertyValue(letter, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty())
    columns += take_letter(text);
  return columns;
}

std::string_view fitting(std::string_view text, std::size_t most) {
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view after = rest;
    const std::size_t columns = take_letter(after);
    if (columns > most) break;
    most -= columns;
    rest = after;
  }
  return text.substr(0, text.size() - rest.size());
}

}  // namespace lorafleet::tools
