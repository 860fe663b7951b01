#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "actors/messages.hpp"
#include "actors/sim/event_queue.hpp"

namespace lorafleet::actors {

/// The slots of one process and the queue in front of them: the job with the earliest virtual
/// arrival is trained first, so that the virtual clock waits as little as possible, by the slot
/// that has the fewest. A job waits here, not at a slot, until there is a place for it (a
/// slot whose memory is short begins some later than it gets them); a slot whose jobs ended trains
/// on once its places are filled, as far as jobs wait.
class HostActor final : public HostHandle::base {
 public:
  /// Each slot takes so many jobs at a time.
  HostActor(caf::actor_config& config, const std::vector<SlotHandle>& slots,
            std::size_t jobs_of_slot = 1);
  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "host"; }

 private:
  struct Waiting {
    model::TrainJob job;
    caf::typed_response_promise<JobResult> promise;
  };

  /// A slot, and how many jobs it has.
  struct Slot {
    SlotHandle handle;
    std::size_t jobs = 0;
    bool advances = false;  ///< trains until some of them end
  };

  void fill_slots();
  void begin_next(std::size_t place);
  void advance(std::size_t place);
  void abandon(const AbandonJob& order);

  std::vector<Slot> slots_;
  std::size_t jobs_of_slot_;
  std::map<sim::JobEnd, Waiting> queue_;
  std::map<sim::JobId, std::shared_ptr<std::atomic<bool>>> running_;
};

}  // namespace lorafleet::actors
