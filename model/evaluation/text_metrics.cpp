#include "model/evaluation/text_metrics.hpp"

#include <algorithm>
#include <map>

#include "model/text/unicode.hpp"

namespace lorafleet::model {
namespace {

using Words = std::vector<std::string>;

bool is_alphanumeric(char32_t letter) {
  return (letter >= U'a' && letter <= U'z') || (letter >= U'0' && letter <= U'9');
}

Words rouge_words(std::string_view text) {
  Words words(1);
  for (const char32_t letter : lower_case(text)) {
    if (is_alphanumeric(letter)) {
      words.back() += static_cast<char>(letter);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

Words split(std::u32string_view text) {
  Words words;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && !is_white_space(text[end]))
      ++end;
    if (end > begin) words.push_back(to_utf8(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return words;
}

/// Each becomes a space, so that what stands on its two sides stays apart.
std::u32string without_articles(std::u32string_view text) {
  std::u32string rest;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && is_word_character(text[end]))
      ++end;
    const auto word = text.substr(begin, end - begin);
    const bool article = word == U"a" || word == U"an" || word == U"the";
    rest += article ? U" " : word;
    if (end == begin) rest += text[end++];
    begin = end;
  }
  return rest;
}

Words answer_words(std::string_view text, Articles articles) {
  std::u32string letters = lower_case(text);
  std::erase_if(letters, is_ascii_punctuation);
  return split(articles == Articles::removed ? without_articles(letters) : letters);
}

/// SQuAD 2.0's list of right answers: those that have words; where none has, one without.
std::vector<Words> right_answers(const std::vector<std::string>& answers, Articles articles) {
  std::vector<Words> right;
  for (const std::string& answer : answers) {
    right.push_back(answer_words(answer, articles));
    if (right.back().empty()) right.pop_back();
  }
  if (right.empty()) right.emplace_back();
  return right;
}

Overlap overlap(double common, std::size_t in_text, std::size_t in_reference) {
  Overlap result;
  if (common == 0.0) return result;
  result.precision = common / static_cast<double>(in_text);
  result.recall = common / static_cast<double>(in_reference);
  result.f1 = 2.0 * result.precision * result.recall / (result.precision + result.recall);
  return result;
}

std::map<Words, std::size_t> counts_of(const Words& words, std::size_t n) {
  std::map<Words, std::size_t> counts;
  for (std::size_t i = 0; i + n <= words.size(); ++i) {
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(i);
    ++counts[Words(begin, begin + static_cast<std::ptrdiff_t>(n))];
  }
  return counts;
}

std::size_t common_count(const std::map<Words, std::size_t>& a,
                         const std::map<Words, std::size_t>& b) {
  std::size_t common = 0;
  for (const auto& [gram, count] : a) {
    const auto found = b.find(gram);
    if (found != b.end()) common += std::min(count, found->second);
  }
  return common;
}

std::size_t longest_common_subsequence(const Words& a, const Words& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (const std::string& word : a) {
    std::size_t diagonal = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

std::size_t grams(const Words& words, std::size_t n) {
  return words.size() < n ? 0 : words.size() - n + 1;
}

}  // namespace

Overlap rouge_n(std::string_view text, std::string_view reference, std::size_t n) {
  const Words a = rouge_words(text);
  const Words b = rouge_words(reference);
  const std::size_t common = common_count(counts_of(a, n), counts_of(b, n));
  return overlap(static_cast<double>(common), grams(a, n), grams(b, n));
}

Overlap rouge_l(std::string_view text, std::string_view reference) {
  const Words a = rouge_words(text);
  const Words b = rouge_words(reference);
  return overlap(static_cast<double>(longest_common_subsequence(a, b)), a.size(), b.size());
}

bool has_rouge_words(std::string_view text) {
  return !rouge_words(text).empty();
}

std::string normalized_answer(std::string_view text, Articles articles) {
  std::string normalized;
  for (const std::string& word : answer_words(text, articles))
    normalized += (normalized.empty() ? "" : " ") + word;
  return normalized;
}

double exact_match(std::string_view text, const std::vector<std::string>& answers,
                   Articles articles) {
  const Words words = answer_words(text, articles);
  const auto right = right_answers(answers, articles);
  return std::find(right.begin(), right.end(), words) != right.end() ? 1.0 : 0.0;
}

double exact_match_verbatim(std::string_view text, const std::vector<std::string>& answers) {
  const Words words = split(code_points(text));
  const bool equal = std::any_of(answers.begin(), answers.end(), [&](const std::string& answer) {
    return split(code_points(answer)) == words;
  });
  return equal ? 1.0 : 0.0;
}

double token_f1(std::string_view text, const std::vector<std::string>& answers, Articles articles) {
  const Words words = answer_words(text, articles);
  double best = 0.0;
  for (const Words& expected : right_answers(answers, articles)) {
    if (words.empty() || expected.empty()) {
      best = std::max(best, words.empty() && expected.empty() ? 1.0 : 0.0);
      continue;
    }
    const std::size_t common = common_count(counts_of(words, 1), counts_of(expected, 1));
    best = std::max(best, overlap(static_cast<double>(common), words.size(), expected.size()).f1);
  }
  return best;
}

}  // namespace lorafleet::model
