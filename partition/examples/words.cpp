#include "partition/examples/words.hpp"

#include <algorithm>
#include <array>

#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

constexpr std::array<std::string_view, 33> kStopWords = {
    "a",   "also", "an",   "and",  "are",  "as",   "at",   "be",    "but",  "by",  "can",
    "for", "from", "has",  "have", "in",   "into", "is",   "it",    "its",  "not", "of",
    "on",  "or",   "that", "the",  "this", "to",   "used", "which", "with", "was", "were"};

constexpr std::size_t kStemLetters = 7;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

bool is_letter(char32_t code) {
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  const bool punctuation = (code >= 0x2000 && code <= 0x206F) || (code >= 0x3000 && code <= 0x303F);
  return code >= 0xC0 && code != 0xD7 && code != 0xF7 && !punctuation;
}

bool continues_word(char32_t code) {
  return is_letter(code) || (code >= '0' && code <= '9') || code == '_' || code == '+' ||
         code == '.' || code == '\'' || code == '-';
}

void append_lower(std::string& word, std::string_view bytes, char32_t code) {
  if (code >= 'A' && code <= 'Z') {
    word += static_cast<char>(code + 0x20);
  } else if (code >= 0xC0 && code <= 0xDE) {
    word += bytes[0];
    word += static_cast<char>(static_cast<unsigned char>(bytes[1]) + 0x20);
  } else {
    word += bytes;
  }
}

void insert_stem(std::set<std::string>& stems, std::string& word) {
  while (!word.empty() && (word.back() == '.' || word.back() == '\'' || word.back() == '-')) {
    word.pop_back();
  }
  const bool stop = std::find(kStopWords.begin(), kStopWords.end(), word) != kStopWords.end();
  if (word.size() >= 2 && !stop) stems.emplace(stem(word));
  word.clear();
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin < text.size();) {
    if (is_space(text[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && !is_space(text[end])) {
      ++end;
    }
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::string_view stem(std::string_view word) {
  constexpr std::array<std::string_view, 4> kSuffixes = {"ing", "ed", "es", "s"};
  for (const auto suffix : kSuffixes) {
    if (word.ends_with(suffix) && word.size() >= suffix.size() + 3) {
      word.remove_suffix(suffix.size());
      break;
    }
  }
  std::size_t length = 0;
  for (std::size_t letters = 0; letters < kStemLetters && length < word.size(); ++letters) {
    const auto code = decode_utf8(word, length);
    length += code ? code->size : 1;
  }
  return word.substr(0, length);
}

std::set<std::string> content_stems(std::string_view text) {
  std::set<std::string> stems;
  std::string word;
  for (std::size_t position = 0; position < text.size();) {
    const auto code = decode_utf8(text, position);
    const std::size_t size = code ? code->size : 1;
    if (code && (word.empty() ? is_letter(code->value) : continues_word(code->value))) {
      append_lower(word, text.substr(position, size), code->value);
    } else {
      insert_stem(stems, word);
    }
    position += size;
  }
  insert_stem(stems, word);
  return stems;
}

}  // namespace lorafleet::partition
