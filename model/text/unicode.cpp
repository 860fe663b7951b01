#include "model/text/unicode.hpp"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <cstdint>

#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

icu::UnicodeString from_utf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::u32string to_utf32(const icu::UnicodeString& text) {
  std::u32string result;
  result.reserve(static_cast<std::size_t>(text.length()));
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1))
    result += static_cast<char32_t>(text.char32At(i));
  return result;
}

}  // namespace

std::u32string lower_case(std::string_view text) {
  return to_utf32(from_utf8(text).toLower(icu::Locale::getRoot()));
}

std::u32string code_points(std::string_view text) {
  return to_utf32(from_utf8(text));
}

bool is_white_space(char32_t code_point) {
  return (code_point >= 0x1C && code_point <= 0x1F) ||
         u_isUWhiteSpace(static_cast<UChar32>(code_point)) != 0;
}

bool is_word_character(char32_t code_point) {
  constexpr std::uint32_t kWord = U_GC_L_MASK | U_GC_N_MASK;
  return code_point == U'_' || (U_GET_GC_MASK(static_cast<UChar32>(code_point)) & kWord) != 0;
}

bool is_ascii_punctuation(char32_t code_point) {
  return (code_point >= U'!' && code_point <= U'/') || (code_point >= U':' && code_point <= U'@') ||
         (code_point >= U'[' && code_point <= U'`') || (code_point >= U'{' && code_point <= U'~');
}

std::string to_utf8(std::u32string_view text) {
  std::string bytes;
  for (const char32_t code_point : text)
    append_utf8(bytes, code_point);
  return bytes;
}

}  // namespace lorafleet::model
