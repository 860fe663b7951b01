#include <cassert>
#include <stdexcept>
#include <utility>

#include "actors/coordinator/coordinator_impl.hpp"

namespace lorafleet::actors {

CoordinatorState Coordinator::save() const {
  CoordinatorState saved;
  saved.totals = state_->totals;
  saved.version = state_->current;
  saved.next_seq = state_->next_seq;
  saved.asked = state_->asked;
  saved.ends_without_progress = state_->ends_without_progress;
  saved.wake = state_->wake;
  saved.awaits_score = state_->awaits_score;
  saved.adapter = state_->adapter;
  for (const Job* job : state_->jobs.in_order()) {
    saved.jobs.push_back(*job);
    saved.jobs.back().trained = nullptr;
    saved.jobs.back().new_state = nullptr;
    saved.jobs.back().stats = {};
  }
  for (const Lane& lane : state_->lanes) {
    const auto members = lane.eligible.members();
    saved.lanes.push_back({lane, {members.begin(), members.end()}});
  }
  saved.private_states = state_->private_states;
  saved.changed_layouts = state_->messages.changed_layouts();
  saved.base_bytes = state_->base_bytes;
  saved.base_bytes_held = state_->base_bytes_held;
  saved.selection = state_->selection->state();
  saved.server_optimizer = state_->aggregator.optimizer().state();
  saved.world = state_->world.save();
  return saved;
}

void Coordinator::resume(const CoordinatorState& saved) {
  State& s = *state_;
  assert(!s.started);
  if (saved.lanes.size() != s.lanes.size()) {
    throw std::invalid_argument("the state is of another number of lanes");
  }
  s.started = true;
  s.world.advance(saved.totals.time, nullptr);
  s.world.restore(saved.world);
  s.totals = saved.totals;
  s.current = saved.version;
  s.next_seq = saved.next_seq;
  s.asked = saved.asked;
  s.ends_without_progress = saved.ends_without_progress;
  s.wake = saved.wake;
  s.awaits_score = saved.awaits_score;
  s.adapter = saved.adapter;
  for (std::size_t m = 0; m < s.lanes.size(); ++m) {
    const LaneState& from = saved.lanes[m];
    Lane lane(s.world.clients());
    for (const auto client : from.eligible)
      lane.eligible.insert(client);
    static_cast<LaneProgress&>(lane) = from;
    s.lanes[m] = std::move(lane);
  }
  s.private_states = saved.private_states;
  for (const auto& [client, layout] : saved.changed_layouts)
    s.messages.change_layout({client}, layout, s.world.clients());
  s.base_bytes = saved.base_bytes;
  s.base_bytes_held = saved.base_bytes_held;
  s.selection->restore(saved.selection);
  s.aggregator.optimizer().restore(saved.server_optimizer);
  s.running = true;
  for (const Job& job : saved.jobs) {
    s.ends.push(job.end);
    if (s.config.aggregation.max_staleness >= 0 && !s.too_stale(job.version)) {
      s.by_age.push_back(job.id());
    }
    const Job& added = s.jobs.add(job);
    if (added.training) s.order(added);
  }
  s.running = false;
  s.run(*this);
}

}  // namespace lorafleet::actors
