#include <algorithm>
#include <utility>

#include "actors/coordinator/coordinator_impl.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::actors {
namespace {

/// When nobody took the invitation, the server asks again.
constexpr sim::VirtualDuration kAskAgain{60'000'000};

JobDispatched announced(const Job& job) {
  JobDispatched event{job.id(),        job.version,    job.end.time, false,
                      job.size.tokens, job.bytes_down, job.bytes_up};
  const auto& timing = job.timing;
  const auto if_reached = [&](sim::VirtualDuration after) -> std::optional<sim::VirtualTime> {
    if (timing.absent || after > timing.end) return std::nullopt;
    return job.dispatched + after;
  };
  event.downloaded = if_reached(timing.down);
  event.computed = if_reached(timing.down + timing.compute);
  event.waited = timing.waited;
  return event;
}

}  // namespace

void Coordinator::State::invite_all() {
  for (Lane& lane : lanes) {
    if (!lane.round && !finished) invite(lane);
  }
}

void Coordinator::State::invite(Lane& lane) {
  const std::size_t wanted = policy->invitations(lane.in_flight);
  if (wanted == 0) return;
  std::vector<sim::ClientId> clients;
  if (lane.eligible.size() >= policy->least_clients()) {
    clients = choose(lane, std::min(wanted, lane.eligible.size()));
  }
  if (!clients.empty()) hand_out(lane, clients);
  if (clients.size() < wanted && !lane.round) {
    auto change = world.next_change();
    if (world.may_refuse() && lane.eligible.size() > 0) {
      const sim::VirtualTime again = totals.time + kAskAgain;
      change = change ? std::min(*change, again) : again;
    }
    if (change && (!wake || *change < *wake)) wake = change;
  }
}

/// Clients that answer. Those who do not are out of the draw until the next one.
std::vector<sim::ClientId> Coordinator::State::choose(Lane& lane, std::size_t count) {
  Random random(config.seed, Purpose::selection, 0, next_seq.value);
  if (!world.may_refuse()) {
    return selection->choose(lane.eligible.members(), count, random, *this);
  }
  std::vector<sim::ClientId> there;
  std::vector<sim::ClientId> silent;
  while (there.size() < count && lane.eligible.size() > 0) {
    const std::size_t missing = std::min(count - there.size(), lane.eligible.size());
    for (const auto client : selection->choose(lane.eligible.members(), missing, random, *this)) {
      lane.eligible.erase(client);
      (world.answers(client, {++asked}) ? there : silent).push_back(client);
    }
  }
  for (const auto client : silent)
    lane.eligible.insert(client);
  for (const auto client : there)
    lane.eligible.insert(client);
  if (there.size() < policy->least_clients()) there.clear();
  return there;
}

void Coordinator::State::hand_out(Lane& lane, const std::vector<sim::ClientId>& clients) {
  auto& [orders, planned, dispatched] = handing_out;
  orders.clear();
  planned.clear();
  dispatched.clear();
  for (const sim::ClientId client : clients) {
    lane.eligible.erase(client);
    const sim::JobId id{client, {next_seq.value++}};
    Job job;
    job.size = parts.sizer(id);
    job.bytes_down = messages.bytes_down(current, client);
    if (base_bytes > 0) {
      const auto held = base_bytes_held.find(client.value);
      job.bytes_down += base_bytes - (held == base_bytes_held.end() ? 0 : held->second);
      job.base_bytes = base_bytes;
    }
    job.bytes_up = messages.bytes_up(current, client);
    job.end = {{}, id};
    job.timing = world.predict(job.load(), totals.time);
    job.end.time = totals.time + job.timing.end;
    job.version = current;
    job.dispatched = totals.time;
    job.lane = number_of(lane);
    planned.push_back({id, job.end.time, job.lost()});
    dispatched.push_back(announced(job));
    orders.push_back(std::move(job));
  }
  auto plan = policy->plan(totals.time, planned);
  if (plan && time_limit && plan->end > *time_limit) {
    std::replace(plan->fates.begin(), plan->fates.end(), strategy::Fate::counts,
                 strategy::Fate::futile);
  }
  if (plan) lane.round = OpenRound{plan->end, plan->min_updates, {}};

  for (std::size_t i = 0; i < orders.size(); ++i) {
    Job& job = orders[i];
    const auto [time, id] = job.end;
    if (plan) {
      job.fate = plan->fates[i];
      lane.round->cohort.push_back(id);
    }
    const bool can_count =
        job.fate == strategy::Fate::counts || job.fate == strategy::Fate::carried;
    job.training = !planned[i].lost && can_count && (!time_limit || time <= *time_limit);
    if (job.training) {
      job.base = messages.received(adapter, current, id.client);
      const auto own = private_states.find(id.client.value);
      if (own != private_states.end()) job.state = own->second;
    }
    ++lane.in_flight;
    ++totals.jobs;
    ends.push(job.end);
    if (config.aggregation.max_staleness >= 0) by_age.push_back(id);
    const Job& added = jobs.add(std::move(job));
    dispatched[i].trained = added.training;
    record(dispatched[i]);
    if (added.training) order(added);
  }
}

void Coordinator::State::order(const Job& job) {
  effects.train({job.id(), job.version, job.end.time, job.base, job.state,
                 aggregator.rule().trains(job.version)});
}

}  // namespace lorafleet::actors
