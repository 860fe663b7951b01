#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "partition/support/limits.hpp"

namespace lorafleet::strategy {

/// [clients.oort]: the selection `oort` (arXiv 2010.06081; selection_oort.cpp has the formulas).
struct OortConfig {
  double exploration = 0.9;  ///< share of the picks that explore, at version 0
  double exploration_decay = 0.98;
  double exploration_min = 0.2;
  double cutoff = 0.95;             ///< c, the cut-off confidence
  double clip = 0.95;               ///< quantile to which utilities are clipped
  double alpha = 2.0;               ///< exponent of the penalty for slow clients
  double preferred_quantile = 0.3;  ///< T as a quantile of the known durations, at first
  double quantile_step = 0.05;      ///< the pacer's
  double step_seconds = 0.0;        ///< above 0: T and the pacer's step in seconds, no quantiles
  std::int64_t window = 20;         ///< versions between two looks of the pacer
  std::int64_t most_picks = 0;      ///< updates after which a client is spared; 0: never

  static constexpr Limits kShare = between(0, 1);  ///< explorations, confidence, quantiles
  static constexpr Limits kAlpha = at_least(0);
  static constexpr Limits kStepSeconds = at_least(0);
  static constexpr Limits kWindow = at_least(1);
  static constexpr Limits kMostPicks = at_least(0);
};

/// [clients]
struct ClientsConfig {
  std::string selection = "uniform";  ///< weighted, round_robin, oort, power_of_choice
  std::int64_t per_round = 10;        ///< sync: updates wanted for a version
  std::int64_t concurrency = 10;      ///< asynchronous modes: clients in flight
  double overcommit = 1.0;            ///< sync: invites ceil(per_round * overcommit)
  double deadline_seconds = 0.0;      ///< sync: 0 means none
  std::int64_t min_updates = 1;       ///< sync: fewer in time, and the round counts as failed
  std::string late = "drop";  ///< sync: what becomes of surplus and late updates; carry_over
  std::int64_t power_d = 30;  ///< power_of_choice: candidates drawn
  OortConfig oort = {};

  static constexpr Limits kPerRound = at_least(1);
  static constexpr Limits kConcurrency = at_least(1);
  static constexpr Limits kOvercommit = between(1, 100);
  static constexpr Limits kDeadlineSeconds = at_least(0);
  static constexpr Limits kPowerD = at_least(1);
};

/// s(tau), the weight of an update of staleness tau (arXiv 1903.03934, section 5.2).
struct StalenessConfig {
  std::string fn = "polynomial";  ///< constant: 1; polynomial: (1+tau)^-a; hinge: 1 if tau<=b else
                                  ///< 1/(a(tau-b)+1)
  double a = 0.5;
  double b = 4.0;

  static constexpr Limits kParameter = at_least(0);  ///< a and b
};

/// [aggregation]
struct AggregationConfig {
  std::string mode = "sync";   ///< sync, fedbuff, fedasync, tiered
  std::string lora = "fedit";  ///< docs/lora-aggregation.md
  std::string lora_split =
      "balanced";                     ///< hlora, product: sqrt(sigma) in both factors; b: all in B
  std::string lora_reinit = "fresh";  ///< flora: A of each version drawn anew; initial: as first
  std::string hetlora_weighting = "norm";  ///< norm: by the product's Frobenius norm; weighting
  double hetlora_gamma = 1.0;              ///< self-pruning keeps this part of a rank; 1: none
  double hetlora_lambda = 0.0;             ///< of the clients' penalty on the rest of it; 0: none
  bool lora_report = true;                 ///< reconstruction error, cosines, effective rank
  std::string weighting = "examples";      ///< examples, tokens, uniform
  std::int64_t buffer_size = 5;            ///< fedbuff's K
  double alpha = 0.6;                      ///< fedasync's mixing weight
  std::int64_t tiers = 3;                  ///< tiered: groups of clients by speed
  StalenessConfig staleness;
  std::int64_t max_staleness = -1;       ///< updates staler than this are dropped; -1: none
  std::string server_optimizer = "sgd";  ///< sgd, adagrad, adam, yogi
  double server_lr = 1.0;
  double server_momentum = 0.0;  ///< sgd: FedAvgM's beta; 0: none
  double server_beta1 = 0.9;     ///< adagrad, adam, yogi
  double server_beta2 = 0.99;    ///< adam, yogi
  double server_tau = 1e-3;      ///< adagrad, adam, yogi: the degree of adaptivity
  double clip_norm = 0.0;        ///< largest norm of an update's change; 0: any
  bool clip_to_median = false;   ///< the same, with the median norm of the fold
  std::string robust = "none";   ///< median, trimmed_mean, krum, multi_krum
  double trim = 0.1;             ///< trimmed_mean: share cut off at each end
  double byzantine = 0.2;        ///< f of Krum: below 1 a share of the fold, else a number
  std::int64_t krum_keep = 0;    ///< m of multi_krum; 0: all but f

  static constexpr Limits kHetloraGamma = above(0).at_most(1);
  static constexpr Limits kHetloraLambda = at_least(0);
  static constexpr Limits kBufferSize = at_least(1);
  static constexpr Limits kAlpha = above(0).at_most(1);
  static constexpr Limits kTiers = between(1, 1000);
  static constexpr Limits kMaxStaleness = at_least(-1);
  static constexpr Limits kServerLr = above(0);
  static constexpr Limits kServerDecay = at_least(0).below(1);  ///< momentum, beta1, beta2
  static constexpr Limits kServerTau = above(0);
  static constexpr Limits kClipNorm = at_least(0);
  static constexpr Limits kTrim = at_least(0).below(0.5);
  static constexpr Limits kByzantine = between(0, 1e6);
  static constexpr Limits kKrumKeep = at_least(0);
};

/// An element of [faults] attackers; faults.hpp has the formulas.
struct AttackerConfig {
  std::string attack = "sign_flip";  ///< noise, scale, nan, free_rider, label_noise
  double share = 0.1;                ///< of all clients, or of those of `tier`
  std::string tier = {};             ///< a name of [devices] tiers; empty: all clients
  double scale = 1.0;      ///< sign_flip, scale: factor; noise: deviation by the change's own size
  double deviation = 0.0;  ///< free_rider: of the noise that hides it
  double examples = 1.0;   ///< label_noise: share of the client's examples
  std::int64_t from_version = 0;  ///< honest before; not for label_noise
};

/// [faults]
struct FaultsConfig {
  std::vector<AttackerConfig> attackers;
};

/// [stop]: the run ends at the first of these that is reached; 0 means: not set.
struct StopConfig {
  std::int64_t versions = 20;
  double virtual_seconds = 0.0;
  std::int64_t updates = 0;        ///< updates applied
  double target_perplexity = 0.0;  ///< a version that was scored at or below it ends the run

  static constexpr Limits kLimit = at_least(0);  ///< each of them
};

}  // namespace lorafleet::strategy
