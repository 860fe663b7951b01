#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "actors/run/learning.hpp"
#include "actors/run/local_evaluation.hpp"

namespace lorafleet::actors {

/// What a run has come to.
struct FinalState {
  model::AdapterPtr adapter;
  sim::Version version;  ///< of `adapter`
  ClientsOwn clients;
};

/// evaluate_locally for the clients of a run that have test parts of their own, at most
/// evaluation.local_clients of them, `slots` at a time.
std::vector<LocalScore> local_scores(const FederationConfig& config, const Learning& learning,
                                     const FinalState& end, std::size_t slots,
                                     std::stop_token stop);

}  // namespace lorafleet::actors
