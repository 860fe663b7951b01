#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/evaluation/text_metrics.hpp"
#include "partition/example.hpp"

namespace lorafleet::model {

/// Figures of one text by their names.
using TextScores = std::map<std::string, double>;

/// One of [evaluation] metrics.
struct Metric {
  std::string name;
  /// Judges a generated text; null for what is known from the likelihood of choices.
  void (*judge)(const std::string& text, const partition::Example& example, TextScores& scores);
  bool needs_rouge_words = false;           ///< a target without one gives every text 0
  std::optional<Articles> normalises = {};  ///< an answer may have nothing left
};

const std::vector<Metric>& metrics();
std::vector<std::string> metric_names();
/// Those with the names, in the order of `names`. Throws InputError for an unknown one.
std::vector<const Metric*> metrics_named(const std::vector<std::string>& names);

/// Whether the metric judges text that is generated, and not the likelihood of choices. False for
/// an unknown name.
bool generates_text(const std::string& metric);

/// The target and the further right answers.
std::vector<std::string> answers_of(const partition::Example& example);

}  // namespace lorafleet::model
