#pragma once

#include <span>

#include "model/adapter/adapter.hpp"
#include "model/adapter/rank_tail.hpp"

namespace lorafleet::model {

/// gradients += those of the penalty. `trained`: the values of both factors of all modules, in the
/// places of `gradients`. Where a norm is 0, as B's at the start, that factor gets nothing.
/// Throws std::logic_error where a job trains one of the factors alone.
void add_rank_penalty(std::span<float> gradients, const Adapter& trained,
                      const RankPenalty& penalty);

}  // namespace lorafleet::model
