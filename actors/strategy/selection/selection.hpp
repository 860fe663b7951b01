#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/sim/time/virtual_time.hpp"
#include "actors/strategy/config.hpp"
#include "actors/strategy/state.hpp"
#include "partition/support/random.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

/// What a server may know about its clients when it chooses. Asked only by the selections that need
/// it, so that none of it has to be kept ready for uniform choice.
class SelectionView {
 public:
  virtual ~SelectionView() = default;
  [[nodiscard]] virtual std::int64_t examples(sim::ClientId client) const = 0;
  /// Of the client with the most; the same in each call of a run.
  [[nodiscard]] virtual std::int64_t most_examples() const = 0;
  /// What a job handed out now would take if nothing came between: transfers and compute, without
  /// jitter.
  [[nodiscard]] virtual double expected_seconds(sim::ClientId client) const = 0;
  [[nodiscard]] virtual sim::Version version() const = 0;  ///< the current one
  [[nodiscard]] virtual sim::VirtualTime now() const = 0;
};

/// How a job ended.
struct Outcome {
  sim::JobId id;
  sim::Version version;        ///< trained from
  std::optional<double> loss;  ///< mean training loss as reported; nothing: no usable update came
  double seconds = 0.0;        ///< virtual, from dispatch to arrival or loss
  std::int64_t examples = 0;
  std::int64_t tokens = 0;
};

/// Whom to invite. May remember what it chose and what became of it.
class Selection {
 public:
  virtual ~Selection() = default;
  /// `count` different ones of `candidates` (at least as many, none in flight, all with examples),
  /// in the order in which they are to be invited. `random` is fresh: keyed by (run seed,
  /// Purpose::selection, seq of the first job to be handed out). Depends on these arguments and the
  /// state alone.
  virtual std::vector<sim::ClientId> choose(std::span<const sim::ClientId> candidates,
                                            std::size_t count, Random& random,
                                            const SelectionView& view) = 0;
  /// To be called after each ended job, in the order of the ends, and before the version that its
  /// update makes.
  virtual void observe(const Outcome& /*outcome*/) {}

  /// The memory, for checkpoints: nothing for a selection without any.
  [[nodiscard]] virtual NamedVectors state() const { return {}; }
  /// Takes back what `state` of a selection with the same config gave; from then on both choose
  /// alike. Throws std::invalid_argument for anything else.
  virtual void restore(const NamedVectors& state);
};

/// What is known of a selection without making it.
struct SelectionEntry {
  std::string name;
  std::vector<std::string> keys = {};
  /// Throws InputError for options out of range.
  std::unique_ptr<Selection> (*make)(const ClientsConfig&) = nullptr;
};

/// [clients] selection; the rules stand in the file of each.
const Registry<SelectionEntry>& selections();

}  // namespace lorafleet::strategy
