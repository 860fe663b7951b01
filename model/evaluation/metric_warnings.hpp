#pragma once

#include <string>
#include <vector>

#include "model/config.hpp"
#include "model/evaluation/metrics.hpp"

namespace lorafleet::model {

/// What makes the figures of `evaluation.metrics` mislead over these examples, of which the first
/// `evaluation.text_examples` count. What more metrics can share is said first.
std::vector<std::string> metric_warnings(const ScoredExamples& scored,
                                         const EvaluationConfig& evaluation);

}  // namespace lorafleet::model
