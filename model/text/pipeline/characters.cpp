#include "model/text/pipeline/characters.hpp"

#include <unicode/uchar.h>

#include <cstdint>
#include <cstring>

#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

bool has_category(char32_t character, std::uint32_t mask) {
  return (U_GET_GC_MASK(static_cast<UChar32>(character)) & mask) != 0;
}

}  // namespace

bool is_space(char32_t character) {
  return u_isUWhiteSpace(static_cast<UChar32>(character)) != 0;
}

bool is_word(char32_t character) {
  constexpr std::uint32_t kWord = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  const auto code = static_cast<UChar32>(character);
  return u_isUAlphabetic(code) != 0 || has_category(character, kWord) ||
         u_hasBinaryProperty(code, UCHAR_JOIN_CONTROL) != 0;
}

bool is_numeric(char32_t character) {
  return has_category(character, U_GC_N_MASK);
}

bool is_punctuation(char32_t character) {
  if (character < 0x80) {
    return character > ' ' && character < 0x7f && u_isalnum(static_cast<UChar32>(character)) == 0;
  }
  return has_category(character, U_GC_P_MASK);
}

bool is_mark(char32_t character) {
  return has_category(character, U_GC_M_MASK);
}

std::size_t last_character(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && is_continuation(text[at]))
    --at;
  return at;
}

std::size_t spaces_at_end(std::string_view text) {
  const std::size_t size = text.size();
  while (!text.empty()) {
    std::string_view last = text.substr(last_character(text));
    const std::size_t length = last.size();
    if (!is_space(take_code_point(last))) break;
    text.remove_suffix(length);
  }
  return size - text.size();
}

std::size_t spaces_at_begin(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view next = rest;
    if (!is_space(take_code_point(next))) break;
    rest = next;
  }
  return text.size() - rest.size();
}

std::size_t first_beyond_ascii(std::string_view text, std::size_t from) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t at = from;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data() + at, 8);
    if ((eight & kHighBits) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80)
    ++at;
  return at;
}

}  // namespace lorafleet::model
