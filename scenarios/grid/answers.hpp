#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/grid/paired_statistics.hpp"
#include "scenarios/grid/sweep_table.hpp"

namespace lorafleet::scenarios {

/// What the runs say about a claim.
enum class Finding { supported, contradicted, undecided };

/// The answer to one question of a sweep. Numbers of a ratio are logarithms here; `shown` makes
/// ratios of them.
struct Answer {
  Finding finding = Finding::undecided;
  std::string reason;                    ///< why nothing could be said, where that is so
  std::vector<std::int64_t> seeds = {};  ///< that have all figures
  std::vector<double> differences = {};  ///< one for each of these
  PairedResult result = {};              ///< of them; pairs is 0 where there are none
  double p = 1.0;                        ///< of the claim's test alone
  double p_holm = 1.0;                   ///< corrected for the number of questions
  double of = 0.0;                       ///< mean of the figure itself, over these seeds
  double against = 0.0;
};

/// An answer for each of the sweep's questions. A question is decided where the corrected p is
/// below 0.05; so at most one study in twenty that finds nothing but chance decides anything.
std::vector<Answer> answer_all(const Sweep& sweep, const SweepRuns& runs);

/// A number of an answer as it is told: a ratio where the question asks for one.
double shown(const Question& question, double value);

/// "final.perplexity: length / iid", "...; minus local.global.perplexity: length / iid".
std::string contrast_text(const Question& question);

/// "supported", "contradicted", "undecided".
std::string finding_text(Finding finding);

/// The answers in words, for a terminal; the last lines say by which method they came. Empty
/// without questions.
std::string answers_text(const Sweep& sweep, const std::vector<Answer>& answers);

}  // namespace lorafleet::scenarios
