#pragma once

#include <memory>
#include <vector>

#include "model/evaluation/evaluation.hpp"
#include "model/evaluation/text_metrics.hpp"
#include "model/network/base_model.hpp"
#include "model/text/encoding.hpp"

namespace lorafleet::model {

/// `likelihood`, and in evaluate_fully the metrics that `evaluation` names, over the first
/// `evaluation.text_examples` of `examples`. Text is generated from the prompts that the encoder
/// makes, with `seed` where it is sampled.
///
/// choice_accuracy: of the examples with choices and the target among them, the share whose target
/// is the most likely choice by the summed log-probability of its tokens and the eos after it; of
/// equal ones the first. choice_accuracy_norm divides the sum by the bytes of the choice (as
/// lm-evaluation-harness's acc and acc_norm, which leave eos out); choice_f1, where all examples
/// have the same two choices, is the F1 of the second one as the positive class.
std::unique_ptr<Scorer> make_text_scorer(std::shared_ptr<const Scorer> likelihood,
                                         BaseModelPtr base,
                                         std::shared_ptr<const ExampleEncoder> encoder,
                                         std::vector<partition::Example> examples,
                                         const EvaluationConfig& evaluation, std::uint64_t seed);

}  // namespace lorafleet::model
