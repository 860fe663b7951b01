#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::model {

/// What a client keeps to itself from one job to the next (error feedback, FedSA's B): vectors by
/// name, in a fixed order. It never counts as part of a message.
struct PrivateState {
  std::vector<std::pair<std::string, std::vector<float>>> vectors;

  /// Null where there is no such vector.
  [[nodiscard]] const std::vector<float>* find(std::string_view name) const;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("vectors", self.vectors);
  }
};
using PrivateStatePtr = std::shared_ptr<const PrivateState>;

/// What one training job depends on; its result is a pure function of this.
struct TrainJob {
  std::uint32_t client = 0;
  std::uint64_t seq = 0;
  std::uint64_t run_seed = 0;
  std::uint64_t version = 0;  ///< of `start`
  AdapterPtr start;           ///< the global adapter that the client received
  IndicesPtr examples;        ///< indices into the training data
  /// Where it is given and becomes true, the job may end early: its result will be ignored.
  std::shared_ptr<const std::atomic<bool>> given_up = nullptr;
  PrivateStatePtr state = nullptr;  ///< the client's own, as its last job left it; null: none yet
  Factors trains = Factors::both;   ///< the other factors stay as they are
};

struct TrainStats {
  std::int64_t examples = 0;      ///< in the client's part
  std::int64_t tokens = 0;        ///< trained on, all epochs together
  std::int64_t label_tokens = 0;  ///< scored, all epochs together
  std::int64_t steps = 0;
  double loss = 0.0;          ///< mean over all scored tokens, nats
  double last_loss = 0.0;     ///< of the last step
  double wall_seconds = 0.0;  ///< real time; never enters events or files that are compared

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("examples", self.examples);
    visit("tokens", self.tokens);
    visit("label_tokens", self.label_tokens);
    visit("steps", self.steps);
    visit("loss", self.loss);
    visit("last_loss", self.last_loss);
    visit("wall_seconds", self.wall_seconds);
  }
};

struct TrainResult {
  Adapter adapter;
  TrainStats stats;
  PrivateStatePtr state = nullptr;  ///< what the client keeps; null: as the job gave it
};

/// The work of a job that is known before it is trained.
struct JobSize {
  std::int64_t examples = 0;
  std::int64_t tokens = 0;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("examples", self.examples);
    visit("tokens", self.tokens);
  }
};

/// Jobs that are trained side by side, a pass at a time; a job may come at any time, and go on
/// beside those that are under way. Each has the bytes that it would have alone. Of one thread.
class Cohort {
 public:
  /// How a job ended.
  struct Ended {
    std::uint64_t ticket = 0;
    TrainResult result;
    std::exception_ptr failure = nullptr;  ///< then there is no result
  };

  virtual ~Cohort() = default;
  /// `ticket` names the job in what `advance` returns.
  virtual void add(std::uint64_t ticket, const TrainJob& job) = 0;
  /// Brings all jobs one pass further, or some to their end; those that ended leave the cohort.
  [[nodiscard]] virtual std::vector<Ended> advance() = 0;
};

/// What becomes of a job in a cohort that has no other. Throws what its training throws.
TrainResult train_alone(Cohort& cohort, const TrainJob& job);

/// How clients train. Implementations are const and thread-safe: all slots share one.
class Trainer {
 public:
  virtual ~Trainer() = default;
  [[nodiscard]] virtual JobSize size(const TrainJob& job) const = 0;
  [[nodiscard]] virtual TrainResult train(const TrainJob& job) const = 0;
  /// Empty, of the slot with this number: a trainer on several devices gives them to the slots in
  /// turn. Must not outlive the trainer. By default its jobs are trained one after the other.
  [[nodiscard]] virtual std::unique_ptr<Cohort> cohort(std::size_t slot) const;
  /// A job costs less than handing it to a slot: clients do it by themselves.
  [[nodiscard]] virtual bool is_instant() const { return false; }
};

}  // namespace lorafleet::model
