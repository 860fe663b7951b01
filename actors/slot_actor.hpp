#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "actors/messages.hpp"
#include "actors/slot_board.hpp"

namespace lorafleet::actors {

/// A device slot: trains the jobs that it is given side by side, as a cohort; whoever gives them
/// sees to their number. A job that comes joins at the next pass; after a pass in which jobs ended
/// there is none until the places are filled, and AdvanceJobs says so. Spawned detached, so that
/// long jobs block nothing but its own thread.
class SlotActor final : public SlotHandle::base {
 public:
  /// `slot`: its number in this process, from 0; the trainer chooses the device by it, and `board`,
  /// where there is one, hears of each job under it.
  SlotActor(caf::actor_config& config, std::shared_ptr<const model::Trainer> trainer,
            std::size_t slot = 0, std::shared_ptr<SlotBoard> board = nullptr);
  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "slot"; }

 private:
  struct Promised {
    caf::typed_response_promise<JobResult> promise;
    std::uint32_t client = 0;
  };

  caf::result<JobResult> begin(const RunJob& order);
  caf::result<JobsAdvanced> go_on();
  void advance();
  void end(model::Cohort::Ended ended);

  std::shared_ptr<const model::Trainer> trainer_;
  std::unique_ptr<model::Cohort> cohort_;
  std::size_t slot_;
  std::shared_ptr<SlotBoard> board_;
  std::map<std::uint64_t, Promised> promised_;  ///< by the cohort's ticket
  caf::typed_response_promise<JobsAdvanced> advanced_;
  std::uint64_t tickets_ = 0;
};

}  // namespace lorafleet::actors
