#pragma once

#include <memory>

#include "actors/run/workload.hpp"
#include "model/evaluation/evaluation.hpp"
#include "model/network/base_model.hpp"

namespace lorafleet::actors {

/// The scorer of a run's held-out examples, as [evaluation] says.
std::shared_ptr<const model::Scorer> make_run_scorer(const FederationConfig& config,
                                                     const Workload& work,
                                                     const model::BaseModelPtr& base);

}  // namespace lorafleet::actors
