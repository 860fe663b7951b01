#pragma once

#include <cstdint>
#include <string>

namespace lorafleet::strategy {

/// [clients]
struct ClientsConfig {
  std::string selection = "uniform";
  std::int64_t per_round = 10;    ///< sync: updates wanted for a version
  std::int64_t concurrency = 10;  ///< asynchronous modes: clients in flight
  double overcommit = 1.0;        ///< sync: invites ceil(per_round * overcommit)
  double deadline_seconds = 0.0;  ///< sync: 0 means none
  std::int64_t min_updates = 1;   ///< sync: fewer in time, and the round counts as failed
};

/// s(tau), the weight of an update of staleness tau (arXiv 1903.03934, section 5.2).
struct StalenessConfig {
  std::string fn = "polynomial";  ///< constant: 1; polynomial: (1+tau)^-a; hinge: 1 if tau<=b else
                                  ///< 1/(a(tau-b)+1)
  double a = 0.5;
  double b = 4.0;
};

/// [aggregation]
struct AggregationConfig {
  std::string mode = "sync";  ///< sync, fedbuff, fedasync
  std::string lora = "fedit";
  std::string weighting = "examples";  ///< examples, tokens, uniform
  std::int64_t buffer_size = 5;        ///< fedbuff's K
  double alpha = 0.6;                  ///< fedasync's mixing weight
  StalenessConfig staleness;
  std::int64_t max_staleness = -1;       ///< updates staler than this are dropped; -1: none
  std::string server_optimizer = "sgd";  ///< sgd, adagrad, adam, yogi
  double server_lr = 1.0;
  double server_momentum = 0.0;  ///< sgd: FedAvgM's beta; 0: none
  double server_beta1 = 0.9;     ///< adagrad, adam, yogi
  double server_beta2 = 0.99;    ///< adam, yogi
  double server_tau = 1e-3;      ///< adagrad, adam, yogi: the degree of adaptivity
};

/// [stop]: the run ends at the first of these that is reached; 0 means: not set.
struct StopConfig {
  std::int64_t versions = 20;
  double virtual_seconds = 0.0;
  std::int64_t updates = 0;  ///< updates applied
};

}  // namespace lorafleet::strategy
