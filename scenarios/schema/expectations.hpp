#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/schema/scenario.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// What became of one threshold of [expect].
struct Verdict {
  std::string expected;         ///< "final.perplexity below 40"
  std::optional<double> value;  ///< nothing where the run has no such figure
  bool met = false;
  std::string explanation;  ///< a sentence for a user, where it was missed
};

/// The thresholds in [expect] of a document that need not be a whole scenario; what is none is
/// passed over.
std::vector<Expectation> expectations_in(const Value& document);

/// Judges each bound on the figures of a run. A figure that the run does not have, or that is no
/// number, misses its threshold.
std::vector<Verdict> judge(const std::vector<Expectation>& expectations,
                           const std::map<std::string, double>& figures);

}  // namespace lorafleet::scenarios
