#pragma once

#include <memory>

#include "actors/strategy/policy.hpp"

namespace lorafleet::strategy {

/// Synchronous rounds (FedAvg, arXiv 1602.05629): invites ceil(per_round * overcommit) clients, at
/// most all, and
///     w = w + server_lr * (sum_k p_k w_k - w),   p_k = n_k / sum_j n_j over the round's updates.
/// The first per_round updates in the order (arrival, client, seq) that come by the deadline count.
/// The round ends with the last of them; when fewer come, at the deadline, or without one when the
/// last job has arrived or is known to be lost. With fewer than min_updates it fails.
std::unique_ptr<Policy> make_sync(const ClientsConfig& clients, const AggregationConfig& config);

/// FedBuff (arXiv 2106.06639, algorithm 1): keeps `concurrency` clients in flight; at K =
/// buffer_size updates in the buffer
///     w = w + server_lr * sum_i p_i s(tau_i) (w_i - w_{trained from}),   p_i = n_i / sum_j n_j,
/// so p_i = 1/K, as in the paper, for uniform weighting. The p_i alone sum to 1: a buffer of stale
/// updates makes a smaller step.
std::unique_ptr<Policy> make_fedbuff(const ClientsConfig& clients, const AggregationConfig& config);

/// FedAsync (arXiv 1903.03934, algorithm 1): keeps `concurrency` clients in flight; each update
/// makes a version,
///     w = (1 - a) w + a w_k,   a = alpha * s(tau),
/// with a computed anew for each update. (server_lr, 1 by default, scales the step a (w_k - w).)
std::unique_ptr<Policy> make_fedasync(const ClientsConfig& clients,
                                      const AggregationConfig& config);

}  // namespace lorafleet::strategy
