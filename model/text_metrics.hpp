#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::model {

/// Names of [evaluation] metrics.
const std::vector<std::string>& metric_names();

/// Precision, recall and their harmonic mean; 0 where there is nothing in common.
struct Overlap {
  double precision = 0.0;
  double recall = 0.0;
  double f1 = 0.0;
};

/// ROUGE-N of one text against one reference (Lin, 2004): n-grams in common, each counted as often
/// as the text that has it less often. Words are runs of a-z and 0-9 after ASCII lower-casing,
/// without stemming: the defaults of Google's rouge_score. Letters outside ASCII separate words.
Overlap rouge_n(std::string_view text, std::string_view reference, std::size_t n);

/// ROUGE-L of one text against one reference: by the longest common subsequence of words of the
/// whole texts (rouge_score's rougeL).
Overlap rouge_l(std::string_view text, std::string_view reference);

/// SQuAD's normalisation: ASCII lower case, without ASCII punctuation and the words a, an and the,
/// runs of white space as one space. Other bytes stay as they are.
std::string normalized_answer(std::string_view text);

/// 1 where the normalised texts are equal to one of `answers`, else 0 (SQuAD's exact match).
double exact_match(std::string_view text, const std::vector<std::string>& answers);

/// SQuAD's F1 over normalised words, the best over `answers`; where one of the texts has no words,
/// 1 if both have none, else 0 (as in SQuAD 2.0).
double token_f1(std::string_view text, const std::vector<std::string>& answers);

}  // namespace lorafleet::model
