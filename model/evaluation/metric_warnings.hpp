#pragma once

#include <string>
#include <vector>

#include "model/config.hpp"
#include "partition/example.hpp"

namespace lorafleet::model {

/// Whether the target is one of the example's choices.
bool names_target(const partition::Example& example);

/// What makes the figures of `evaluation.metrics` mislead over these examples, of which the first
/// `evaluation.text_examples` count: answers of which a normalisation leaves nothing, so that an
/// empty text is right; targets in which ROUGE finds no word; examples without choices, or with
/// choices of which none is right.
std::vector<std::string> metric_warnings(const std::vector<const partition::Example*>& scored,
                                         const EvaluationConfig& evaluation);

}  // namespace lorafleet::model
