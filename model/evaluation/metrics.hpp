#pragma once

#include <map>
#include <string>
#include <vector>

#include "partition/examples/example.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::model {

/// Figures of one text by their names.
using TextScores = std::map<std::string, double>;

/// The examples that a run scores.
using ScoredExamples = std::vector<const partition::Example*>;

/// One of [evaluation] metrics.
struct Metric {
  std::string name;
  /// Judges a generated text; null for what is known from the likelihood of choices.
  void (*judge)(const std::string& text, const partition::Example& example,
                TextScores& scores) = nullptr;
  /// What makes the figures mislead over these examples; null: nothing. Metrics may share the
  /// function: it is asked once, with the `names` of those that a run has.
  std::vector<std::string> (*warn)(const ScoredExamples& examples,
                                   const std::vector<std::string>& names) = nullptr;
};

const Registry<Metric>& metrics();

/// Whether the metric judges text that is generated, and not the likelihood of choices. False for
/// an unknown name.
bool generates_text(const std::string& metric);

/// The target and the further right answers.
std::vector<std::string> answers_of(const partition::Example& example);

/// Whether the target is one of the example's choices.
bool names_target(const partition::Example& example);

}  // namespace lorafleet::model
