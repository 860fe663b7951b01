#include <doctest/doctest.h>

#include <cstddef>
#include <type_traits>

#include "actors/coordinator/run_checkpoint.hpp"
#include "actors/net/payloads.hpp"

using namespace lorafleet;
using namespace lorafleet::actors;

namespace {

/// Becomes whatever a member is, but not the aggregate itself.
template <typename Aggregate>
struct Anything {
  template <typename T>
  requires(!std::is_base_of_v<T, Aggregate>) operator T() const;
};

/// How many members an aggregate has, `Members` included; a base counts as one.
template <typename T, typename... Members>
constexpr std::size_t members() {
  if constexpr (requires { T{Members()..., Anything<T>()}; }) {
    return members<T, Members..., Anything<T>>();
  } else {
    return sizeof...(Members);
  }
}

template <typename T>
std::size_t described() {
  std::size_t count = 0;
  T value{};
  T::fields(value, [&](const char*, const auto&) { ++count; });
  return count;
}

}  // namespace

// Whoever adds a member to a struct and forgets it in `fields` would lose it in checkpoints.
TEST_CASE_TEMPLATE("each member of a struct is described", T, RunTotals, CoordinatorProgress,
                   LaneProgress, WaitingUpdate, OpenRound, UnscoredVersion, ScoredVersion,
                   RecorderState, RunCheckpoint, JobFailed, strategy::FoldItem,
                   strategy::Contribution, sim::JobTiming, sim::JobWork, sim::Period, sim::JobEnd,
                   sim::WorldState, model::Score, model::Evaluation, model::LoraModule,
                   model::TrainStats, model::JobSize, net::TrainedUpdate) {
  CHECK(described<T>() == members<T>());
}

TEST_CASE("so are those of a job but for its result, and those behind a base") {
  CHECK(described<Job>() + 3 == members<Job>());
  CHECK(described<CoordinatorState>() ==
        described<CoordinatorProgress>() - 1 + members<CoordinatorState, CoordinatorProgress>());
  CHECK(described<LaneState>() ==
        described<LaneProgress>() - 1 + members<LaneState, LaneProgress>());
}
