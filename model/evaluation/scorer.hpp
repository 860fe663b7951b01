#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/config.hpp"
#include "model/evaluation/evaluation.hpp"
#include "model/network/base_model.hpp"
#include "model/text/encoded_data.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::model {

/// Scores the examples of `data` named by `examples`; bins by context length at their quantiles.
/// `groups`, where given, names the group of each example of `data`: the largest
/// `evaluation.groups` of them are scored apart.
std::unique_ptr<Scorer> make_scorer(BaseModelPtr base, EncodedDataPtr data, Indices examples,
                                    const EvaluationConfig& evaluation,
                                    const std::vector<std::string>& groups = {});

}  // namespace lorafleet::model
