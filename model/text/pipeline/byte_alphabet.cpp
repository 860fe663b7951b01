#include "model/text/pipeline/byte_alphabet.hpp"

#include <array>

#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

constexpr bool is_visible(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

struct Alphabet {
  std::array<char32_t, 256> character{};
  std::array<int, 256 + 68> byte{};  ///< of the character; -1 where it stands for none
};

constexpr Alphabet kAlphabet = [] {
  Alphabet alphabet;
  alphabet.byte.fill(-1);
  char32_t next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char32_t character = is_visible(byte) ? static_cast<char32_t>(byte) : next++;
    alphabet.character[byte] = character;
    alphabet.byte[character] = static_cast<int>(byte);
  }
  return alphabet;
}();

}  // namespace

std::optional<std::string> bytes_from_alphabet(std::string_view token) {
  if (valid_utf8_prefix(token) != token.size()) return std::nullopt;
  std::string bytes;
  while (!token.empty()) {
    const char32_t character = take_code_point(token);
    if (character >= kAlphabet.byte.size() || kAlphabet.byte[character] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(kAlphabet.byte[character]));
  }
  return bytes;
}

std::string alphabet_from_bytes(std::string_view bytes) {
  std::string token;
  for (const char byte : bytes) {
    append_utf8(token, kAlphabet.character[static_cast<unsigned char>(byte)]);
  }
  return token;
}

}  // namespace lorafleet::model
