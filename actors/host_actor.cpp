#include "actors/host_actor.hpp"

#include <algorithm>

namespace lorafleet::actors {

HostActor::HostActor(caf::actor_config& config, const std::vector<SlotHandle>& slots,
                     std::size_t jobs_of_slot)
    : HostHandle::base(config), jobs_of_slot_(jobs_of_slot) {
  for (const SlotHandle& slot : slots)
    slots_.push_back({slot});
}

HostActor::behavior_type HostActor::make_behavior() {
  return {[this](QueueJob& order) {
            auto promise = make_response_promise<JobResult>();
            const sim::JobEnd key{order.arrival, {{order.job.client}, {order.job.seq}}};
            queue_.emplace(key, Waiting{std::move(order.job), promise});
            fill_slots();
            return promise;
          },
          [this](const AbandonJob& order) { abandon(order); }};
}

void HostActor::fill_slots() {
  while (!queue_.empty()) {
    const auto fewest = std::min_element(
        slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) { return a.jobs < b.jobs; });
    if (fewest == slots_.end() || fewest->jobs == jobs_of_slot_) return;
    begin_next(static_cast<std::size_t>(fewest - slots_.begin()));
  }
}

void HostActor::begin_next(std::size_t place) {
  auto node = queue_.extract(queue_.begin());
  auto promise = node.mapped().promise;
  model::TrainJob job = std::move(node.mapped().job);
  const sim::JobId id = node.key().id;
  const auto given_up = std::make_shared<std::atomic<bool>>(false);
  job.given_up = running_[id] = given_up;
  // The same job may have come again since it was given up: its flag is another one then.
  const auto free_place = [this, place, id, given_up] {
    if (const auto it = running_.find(id); it != running_.end() && it->second == given_up) {
      running_.erase(it);
    }
    if (place >= slots_.size()) return;  // over
    --slots_[place].jobs;
    fill_slots();
  };
  ++slots_[place].jobs;
  request(slots_[place].handle, caf::infinite, RunJob{std::move(job)})
      .then(
          [promise, free_place, given_up](const JobResult& result) mutable {
            promise.deliver(*given_up ? JobResult{} : result);
            free_place();
          },
          [promise, free_place, given_up](caf::error& failure) mutable {
            if (*given_up) {
              promise.deliver(JobResult{});
            } else {
              promise.deliver(std::move(failure));
            }
            free_place();
          });
  if (!slots_[place].advances) advance(place);
}

void HostActor::advance(std::size_t place) {
  slots_[place].advances = true;
  request(slots_[place].handle, caf::infinite, AdvanceJobs{})
      .then(
          [this, place](JobsAdvanced) {
            if (place >= slots_.size()) return;  // over
            slots_[place].advances = false;
            if (slots_[place].jobs > 0) advance(place);
          },
          [](const caf::error&) {});  // its jobs say so
}

// The promises in the queue refer back to this actor.
void HostActor::on_exit() {
  queue_.clear();
  slots_.clear();
}

void HostActor::abandon(const AbandonJob& order) {
  if (const auto running = running_.find(order.id); running != running_.end()) {
    *running->second = true;
    return;
  }
  const auto found = std::find_if(queue_.begin(), queue_.end(),
                                  [&](const auto& entry) { return entry.first.id == order.id; });
  if (found == queue_.end()) return;  // done: the result will be ignored
  found->second.promise.deliver(JobResult{});
  queue_.erase(found);
}

}  // namespace lorafleet::actors
