#pragma once

#include <string>
#include <vector>

namespace lorafleet::report {

/// The score on held-out examples by which a run is judged.
struct ScoreKind {
  std::string key;         ///< its name, in summary.json and behind "eval_" in rounds.csv
  std::string title;       ///< the same as a title begins with it
  std::string axis;        ///< what an axis of it is called
  std::string best;        ///< what its best value is called: "lowest"
  std::string counted_by;  ///< the summary's key that says over how much it is taken
  std::string counted;     ///< and what that is: "tokens"
  std::string loss_axis;   ///< unit of losses
  bool falls = true;       ///< less is better
  /// exp(loss): told in ratios, on logarithmic axes; targets are of it.
  bool exponential = true;

  [[nodiscard]] std::string column() const { return "eval_" + key; }
  [[nodiscard]] bool better(double a, double b) const { return falls ? a < b : a > b; }
};

/// A language model's perplexity, a classifier's accuracy.
const std::vector<ScoreKind>& score_kinds();

/// The first whose key `has`; perplexity where there is none.
template <typename Has>
const ScoreKind& score_where(const Has& has) {
  for (const ScoreKind& kind : score_kinds()) {
    if (has(kind.key)) return kind;
  }
  return score_kinds().front();
}

}  // namespace lorafleet::report
