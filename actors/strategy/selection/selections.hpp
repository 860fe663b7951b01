#pragma once

#include <memory>

#include "actors/strategy/selection/selection.hpp"

namespace lorafleet::strategy {

/// Each subset of `count` candidates is equally likely; O(count), whatever their number.
std::unique_ptr<Selection> make_uniform(const ClientsConfig& clients);

/// One after the other, without replacement, each time with probability proportional to the
/// client's examples: see weighted_sampling.hpp for the cost.
std::unique_ptr<Selection> make_weighted(const ClientsConfig& clients);

/// By rising client id, from the one after the last that was chosen, and from the start again after
/// the last client; who is not a candidate is passed over. O(candidates).
std::unique_ptr<Selection> make_round_robin(const ClientsConfig& clients);

/// Oort (Lai et al., OSDI 2021, arXiv 2010.06081, algorithm 1). With R = version + 1 the round,
/// n_i the client's examples, and of the latest update of client i: l_i its mean training loss,
/// L_i the round it was trained from, t_i its seconds:
///
///     U_i     = n_i l_i                                                      statistical utility
///     score_i = (min(U_i, c) / c + sqrt(0.1 ln R / L_i)) (T / t_i)^alpha     last factor: t_i > T
///
/// c is the `clip` quantile of the U of the explored candidates. A share epsilon = max(
/// exploration_min, exploration * exploration_decay^version) of `count`, rounded at random to the
/// whole number below or above so that its mean is exact, explores: clients that never sent an
/// update, without replacement by speed (1 / expected seconds). The other k exploit: candidates
/// with a score of at least `cutoff` times the k-th highest are drawn by score, without
/// replacement. Where there are too few of one kind, the other fills the places.
///
/// T, the preferred duration, is the quantile preferred_quantile of all known t_i, or, with
/// step_seconds above 0, T = step_seconds. The pacer looks at it at the end of each window of
/// `window` versions: if the updates of the window brought a smaller sum of U than those of the
/// window before, the quantile rises by quantile_step, or T by step_seconds.
///
/// most_picks above 0: a client with that many updates is only chosen where no other is left.
///
/// Differences to the paper: the utility there is |B| sqrt(sum of squared losses / |B|), of the
/// examples one by one; a job here reports its mean, so U is a lower bound of it (equal where all
/// examples have the same loss). U is divided by its clipping bound: in the sum of the paper's
/// algorithm the second term has no unit. (The authors' code scales U to between 0 and 1, too, and
/// takes T as a quantile and the windows one after the other, as here.) A job without an update
/// changes nothing. O(candidates) a choice.
std::unique_ptr<Selection> make_oort(const ClientsConfig& clients);

/// Power-of-choice (Cho et al., arXiv 2010.01243), in the variant rpow-d, which costs no messages:
/// draws max(power_d, count) candidates as `weighted` does and takes the `count` of them whose
/// latest reported training loss is largest. Who never sent one counts as infinite; equal ones in
/// the order drawn.
std::unique_ptr<Selection> make_power_of_choice(const ClientsConfig& clients);

}  // namespace lorafleet::strategy
