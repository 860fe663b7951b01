#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::model {

/// Precision, recall and their harmonic mean; 0 where there is nothing in common.
struct Overlap {
  double precision = 0.0;
  double recall = 0.0;
  double f1 = 0.0;
};

/// ROUGE-N of one text against one reference (Lin, 2004): n-grams in common, each counted as often
/// as the text that has it less often. Words are runs of a-z and 0-9 after lower-casing (of all of
/// Unicode, so that the Kelvin sign is a k), without stemming: the defaults of Google's
/// rouge_score. Letters outside ASCII separate words.
Overlap rouge_n(std::string_view text, std::string_view reference, std::size_t n);

/// ROUGE-L of one text against one reference: by the longest common subsequence of words of the
/// whole texts (rouge_score's rougeL).
Overlap rouge_l(std::string_view text, std::string_view reference);

/// Whether ROUGE finds a word in the text; a reference without one gives every text 0.
bool has_rouge_words(std::string_view text);

/// What SQuAD's normalisation does with the words a, an and the.
enum class Articles { removed, kept };

/// SQuAD's normalisation, as its script's Python does it: lower case, without ASCII punctuation,
/// without the words a, an and the (between what is neither a letter nor a number of any script),
/// words separated by one space where there was white space of any kind.
std::string normalized_answer(std::string_view text, Articles articles = Articles::removed);

/// 1 where the normalised texts are equal to one of `answers`, else 0 (SQuAD's exact match).
/// Answers of which normalisation leaves nothing do not count beside others; where there are only
/// such, an empty text is right (as in SQuAD 2.0's script).
double exact_match(std::string_view text, const std::vector<std::string>& answers,
                   Articles articles = Articles::removed);

/// 1 where the text is equal to one of `answers`, white space at the ends and its kind aside.
double exact_match_verbatim(std::string_view text, const std::vector<std::string>& answers);

/// SQuAD's F1 over normalised words, the best over `answers`, which count as in exact_match; where
/// one of the texts has no words, 1 if both have none, else 0 (as in SQuAD 2.0's script).
double token_f1(std::string_view text, const std::vector<std::string>& answers,
                Articles articles = Articles::removed);

}  // namespace lorafleet::model
