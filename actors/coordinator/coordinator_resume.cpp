#include <cassert>
#include <stdexcept>
#include <utility>

#include "actors/coordinator/coordinator_impl.hpp"

namespace lorafleet::actors {

CoordinatorState Coordinator::save() const {
  CoordinatorState saved;
  static_cast<CoordinatorProgress&>(saved) = *state_;
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
  saved.changed_layouts = state_->messages.changed_layouts();
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
  static_cast<CoordinatorProgress&>(s) = saved;
  for (std::size_t m = 0; m < s.lanes.size(); ++m) {
    const LaneState& from = saved.lanes[m];
    Lane lane(s.world.clients());
    for (const auto client : from.eligible)
      lane.eligible.insert(client);
    static_cast<LaneProgress&>(lane) = from;
    s.lanes[m] = std::move(lane);
  }
  for (const auto& [client, layout] : saved.changed_layouts)
    s.messages.change_layout({client}, layout, s.world.clients());
  s.selection->restore(saved.selection);
  s.aggregator.optimizer().restore(saved.server_optimizer);
  s.running = true;
  for (const Job& job : saved.jobs) {
    // One that ended without counting stays until its round closes: its end has been.
    if (!(job.end.time < saved.totals.time)) s.ends.push(job.end);
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
