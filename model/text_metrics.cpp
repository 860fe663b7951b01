#include "model/text_metrics.hpp"

#include <algorithm>
#include <map>

namespace lorafleet::model {
namespace {

using Words = std::vector<std::string>;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_alphanumeric(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

bool is_punctuation(char letter) {
  return (letter >= '!' && letter <= '/') || (letter >= ':' && letter <= '@') ||
         (letter >= '[' && letter <= '`') || (letter >= '{' && letter <= '~');
}

bool is_space(char letter) {
  return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

Words rouge_words(std::string_view text) {
  Words words(1);
  for (const char raw : text) {
    const char letter = lower(raw);
    if (is_alphanumeric(letter)) {
      words.back() += letter;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

Words answer_words(std::string_view text) {
  Words words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && word != "a" && word != "an" && word != "the") words.push_back(word);
    word.clear();
  };
  for (const char letter : text) {
    if (is_space(letter)) {
      end_word();
    } else if (!is_punctuation(letter)) {
      word += lower(letter);
    }
  }
  end_word();
  return words;
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

std::string normalized_answer(std::string_view text) {
  std::string normalized;
  for (const std::string& word : answer_words(text))
    normalized += (normalized.empty() ? "" : " ") + word;
  return normalized;
}

double exact_match(std::string_view text, const std::vector<std::string>& answers) {
  const std::string normalized = normalized_answer(text);
  const bool equal = std::any_of(answers.begin(), answers.end(), [&](const std::string& answer) {
    return normalized_answer(answer) == normalized;
  });
  return equal ? 1.0 : 0.0;
}

double token_f1(std::string_view text, const std::vector<std::string>& answers) {
  const Words words = answer_words(text);
  double best = 0.0;
  for (const std::string& answer : answers) {
    const Words expected = answer_words(answer);
    if (words.empty() || expected.empty()) {
      best = std::max(best, words.empty() && expected.empty() ? 1.0 : 0.0);
      continue;
    }
    const std::size_t common = common_count(counts_of(words, 1), counts_of(expected, 1));
    best = std::max(best, overlap(static_cast<double>(common), words.size(), expected.size()).f1);
  }
  return best;
}

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> kNames = {"rouge", "exact_match", "token_f1",
                                                  "choice_accuracy"};
  return kNames;
}

}  // namespace lorafleet::model
