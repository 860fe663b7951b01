#pragma once

#include <memory>

#include "actors/strategy/modes/policy.hpp"

namespace lorafleet::strategy {

/// Synchronous rounds (FedAvg, arXiv 1602.05629): invites ceil(per_round * overcommit) clients, at
/// most all, and
///     w = w + server_lr * (sum_k p_k w_k - w),   p_k = n_k / sum_j n_j over the round's updates.
/// The first per_round updates in the order (arrival, client, seq) that come by the deadline count.
/// The round ends with the last of them; when fewer come, at the deadline, or without one when the
/// last job has arrived or is known to be lost. With fewer than min_updates it fails.
///
/// With late = "carry_over" surplus and late updates stay in flight and are folded with the round
/// in which they arrive (as SAFA does, arXiv 1910.01355, with FedBuff's differences): then
///     w = w + server_lr * sum_k p_k (w_k - w_{trained from}),   p_k = n_k s(tau_k) / sum_j n_j
///     s(tau_j).
/// They do not help a round to its min_updates, and outlive one that fails.
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

/// FedAT (arXiv 2010.05958): clients are ranked by the expected time of their jobs and cut into
/// `tiers` groups of equal size. Each works in rounds as make_sync says, at its own pace; with q_mk
/// the normalised weights within tier m's latest round, each of its rounds makes the version
///     w = w + server_lr * (sum_m p_m sum_k q_mk w_mk - w),   p_m = T_{M+1-m} / sum_j T_j,
/// where T_m counts the versions of tier m (tier 1 is the fastest) from 1 on: the paper counts from
/// 0, so that the first tier's updates would at first weigh nothing. A tier that has made no
/// version counts as the initial adapter.
std::unique_ptr<Policy> make_tiered(const ClientsConfig& clients, const AggregationConfig& config);

}  // namespace lorafleet::strategy
