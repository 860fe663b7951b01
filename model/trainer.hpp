#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/adapter.hpp"

namespace lorafleet::model {

/// What one training job depends on; its result is a pure function of this.
struct TrainJob {
  std::uint32_t client = 0;
  std::uint64_t seq = 0;
  std::uint64_t run_seed = 0;
  std::uint64_t version = 0;  ///< of `start`
  AdapterPtr start;           ///< the global adapter that the client received
  std::shared_ptr<const std::vector<std::uint32_t>> examples;  ///< indices into the training data
  /// Where it is given and becomes true, the job may end early: its result will be ignored.
  std::shared_ptr<const std::atomic<bool>> given_up = nullptr;
};

struct TrainStats {
  std::int64_t examples = 0;      ///< in the client's part
  std::int64_t tokens = 0;        ///< trained on, all epochs together
  std::int64_t label_tokens = 0;  ///< scored, all epochs together
  std::int64_t steps = 0;
  double loss = 0.0;          ///< mean over all scored tokens, nats
  double last_loss = 0.0;     ///< of the last step
  double wall_seconds = 0.0;  ///< real time; never enters events or files that are compared
};

struct TrainResult {
  Adapter adapter;
  TrainStats stats;
};

/// The work of a job that is known before it is trained.
struct JobSize {
  std::int64_t examples = 0;
  std::int64_t tokens = 0;
};

/// How clients train. Implementations are const and thread-safe: all slots share one.
class Trainer {
 public:
  virtual ~Trainer() = default;
  [[nodiscard]] virtual JobSize size(const TrainJob& job) const = 0;
  [[nodiscard]] virtual TrainResult train(const TrainJob& job) const = 0;
};

}  // namespace lorafleet::model
