#include <algorithm>
#include <cmath>
#include <utility>

#include "actors/coordinator/coordinator_impl.hpp"
#include "actors/coordinator/fold_figures.hpp"

namespace lorafleet::actors {
namespace {

constexpr int kFailuresInARow = 100;

double distance(const model::Adapter& a, const model::Adapter& b) {
  double sum = 0.0;
  const std::size_t common = std::min(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < common; ++i) {
    const double difference = static_cast<double>(a.values[i]) - static_cast<double>(b.values[i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

const char* reason(strategy::Fate fate) {
  switch (fate) {
    case strategy::Fate::surplus:
      return "surplus";
    case strategy::Fate::late:
      return "late";
    case strategy::Fate::counts:
    case strategy::Fate::futile:
    case strategy::Fate::carried:
      break;
  }
  return "round_failed";
}

}  // namespace

void Coordinator::State::observe(const Job& job, std::optional<double> loss) {
  const sim::VirtualTime end = std::min(totals.time, job.end.time);
  selection->observe({job.id(), job.version, loss, (end - job.dispatched).seconds(),
                      job.size.examples, job.size.tokens});
}

/// The job is over now, or was at its own end: what it used counts, and what its client got stays
/// with it. A change of the base is there whole or not at all.
sim::JobUsage Coordinator::State::settle(const Job& job) {
  const auto used = world.usage(job.load(), job.timing, job.dispatched, totals.time);
  sim::charge(totals, used);
  if (used.phase == sim::JobPhase::download) {
    world.release(job.id().seq);
  } else if (job.base_bytes > 0) {
    base_bytes_held[job.id().client.value] = job.base_bytes;
  }
  return used;
}

void Coordinator::State::end_job(Job& ended) {
  const bool lost = ended.lost();
  const bool carried = ended.fate == strategy::Fate::carried;
  if (!lost && !carried && ended.fate != strategy::Fate::counts) {
    return;  // close_round tells it to stop
  }
  Job job = jobs.take(ended.id().client);
  Lane& lane = lanes[job.lane];
  if (!job.carried) --lane.in_flight;
  free_client(job.id().client);
  if (lost) {
    observe(job, std::nullopt);
    drop(job, sim::name(job.timing.reason));
    count_without_progress();
  } else if (too_stale(job.version)) {
    observe(job, std::nullopt);
    drop(job, "too_stale");
    count_without_progress();
  } else {
    arrive(lane, std::move(job));
  }
  if (!lane.round && !finished) invite(lane);
}

void Coordinator::State::arrive(Lane& lane, Job job) {
  const model::TrainStats& stats = job.stats;
  const bool finite = model::all_finite(*job.trained);
  const strategy::Contribution contribution{job.size.examples, job.size.tokens,
                                            current.value - job.version.value};
  ++totals.updates_received;
  totals.train_tokens += stats.tokens;
  UpdateArrived event{job.id(),
                      job.version,
                      contribution.staleness,
                      finite ? policy->raw_weight(contribution) : 0.0,
                      stats.loss,
                      distance(*job.trained, *job.base),
                      stats.tokens,
                      settle(job)};
  if (lanes.size() > 1) event.tier = job.lane;
  record(std::move(event));
  if (!finite) {
    ++totals.updates_not_finite;
    observe(job, std::nullopt);
    refuse(job.id(), job.version, "not_finite");
    count_without_progress();
    return;
  }
  observe(job, stats.loss);
  if (job.new_state) private_states[job.id().client.value] = std::move(job.new_state);
  const auto layout = aggregator.rule().layout_after(*job.trained, *job.base);
  if (layout != job.trained->layout && *layout != *job.trained->layout) {
    messages.change_layout(job.id().client, layout, world.clients());
  }
  ends_without_progress = 0;
  lane.waiting.push_back({job.id(), job.version, contribution, job.carried, std::move(job.trained),
                          std::move(job.base)});
  if (lane.round || !policy->ready(lane.waiting.size())) return;
  if (fold(lane)) {
    lane.failed_in_a_row = 0;
  } else {
    count_failure(lane);
  }
}

/// Makes a version of all that waits. False: none was made, and the updates are dropped.
bool Coordinator::State::fold(Lane& lane) {
  const auto updates = std::exchange(lane.waiting, {});
  lane.waiting.reserve(updates.size());
  std::vector<strategy::Contribution> contributions;
  contributions.reserve(updates.size());
  for (const auto& update : updates)
    contributions.push_back(update.contribution);
  const auto weights = policy->weights(contributions);
  const bool from_current =
      policy->anchor() == strategy::Anchor::current && !aggregator.anchors_at_start();
  const auto anchor = [&](const model::AdapterPtr& trained, const model::AdapterPtr& base) {
    return from_current ? messages.view(adapter, trained->layout) : base;
  };
  std::vector<strategy::FoldItem> items;
  items.reserve(updates.size());
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const auto& u = updates[i];
    items.push_back({u.adapter, anchor(u.adapter, u.base), weights[i], u.version});
  }
  std::vector<bool> rejected(updates.size());
  if (!robust.idle()) {
    auto outcome = robust.apply(std::move(items));
    items = std::move(outcome.items);
    totals.updates_clipped += static_cast<std::int64_t>(outcome.clipped.size());
    for (const std::size_t position : outcome.rejected)
      rejected[position] = true;
  }

  if (lanes.size() > 1) {
    lane.latest = items;
    std::vector<std::uint64_t> versions;
    for (const Lane& other : lanes)
      versions.push_back(other.versions + (&other == &lane ? 1 : 0));
    const auto shares = policy->lane_weights(versions);
    items.clear();
    for (std::size_t m = 0; m < lanes.size(); ++m) {
      if (lanes[m].latest.empty()) {
        items.push_back({parts.initial, adapter, shares[m], {}});
      }
      for (const auto& item : lanes[m].latest) {
        items.push_back({item.adapter, messages.view(adapter, item.adapter->layout),
                         item.weight * shares[m], item.trained_from});
      }
    }
  }
  const auto made = aggregator.fold(*adapter, items, {current.value + 1}, config.seed);
  if (!made.next) {
    totals.updates_not_finite += static_cast<std::int64_t>(updates.size());
    for (const auto& u : updates)
      refuse(u.id, u.version, "not_finite");
    return false;
  }
  std::int64_t count = 0;
  double staleness = 0.0;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (!rejected[i]) {
      ++count;
      staleness += static_cast<double>(updates[i].contribution.staleness);
      continue;
    }
    ++totals.updates_rejected;
    refuse(updates[i].id, updates[i].version, "rejected");
  }
  const double step_norm = distance(*made.next, *adapter);
  adapter = made.next;
  base_bytes += made.report.base_change_bytes;
  ++current.value;
  ++lane.versions;
  totals.versions = current.value;
  totals.updates_applied += count;
  VersionMade event{current, count, count > 0 ? staleness / static_cast<double>(count) : 0.0,
                    step_norm, model::l2_norm(adapter->values)};
  if (lanes.size() > 1) event.tier = number_of(lane);
  event.fold = fold_figures(made.report);
  record(std::move(event));
  publish();
  made_version = true;
  give_up_on_stale();

  if (config.stop.versions > 0 &&
      current.value >= static_cast<std::uint64_t>(config.stop.versions)) {
    stop("versions");
  } else if (config.stop.updates > 0 && totals.updates_applied >= config.stop.updates) {
    stop("updates");
  }
  return true;
}

void Coordinator::State::close_round(Lane& lane) {
  std::int64_t in_time = 0;
  for (const auto& u : lane.waiting)
    in_time += u.carried ? 0 : 1;
  const bool enough = in_time >= static_cast<std::int64_t>(lane.round->min_updates);
  for (const sim::JobId id : lane.round->cohort) {
    Job* found = jobs.find(id);
    if (found == nullptr) continue;
    if (found->fate == strategy::Fate::carried) {
      found->carried = true;
      --lane.in_flight;
      continue;
    }
    const Job job = jobs.take(id.client);
    if (job.fate == strategy::Fate::futile && !job.lost()) ++in_time;
    --lane.in_flight;
    observe(job, std::nullopt);
    drop(job, reason(job.fate));
    free_client(id.client);
  }
  lane.round.reset();

  if (enough && fold(lane)) {
    lane.failed_in_a_row = 0;
  } else {
    std::vector<WaitingUpdate> carried;
    for (auto& u : lane.waiting) {
      if (u.carried) {
        carried.push_back(std::move(u));
      } else {
        refuse(u.id, u.version, "round_failed");
      }
    }
    lane.waiting = std::move(carried);
    ++totals.rounds_failed;
    record(RoundFailed{{current.value + 1}, in_time});
    count_failure(lane);
  }
  if (!finished) invite(lane);
}

/// Jobs are handed out by rising version, so each is looked at once.
void Coordinator::State::give_up_on_stale() {
  while (!by_age.empty()) {
    const sim::JobId id = by_age.front();
    Job* job = jobs.find(id);
    if (job != nullptr && !too_stale(job->version)) return;
    by_age.pop_front();
    if (job == nullptr) continue;
    if (job->training) effects.abandon(id);
    job->training = false;
    job->base.reset();
    job->trained.reset();
  }
}

void Coordinator::State::count_failure(Lane& lane) {
  if (++lane.failed_in_a_row == kFailuresInARow) stop(kRunWithoutProgress);
}

/// The guard of the modes without rounds against jobs that end without a usable update.
void Coordinator::State::count_without_progress() {
  const std::int64_t limit = 100 * std::max<std::int64_t>(10, config.clients.concurrency);
  if (!mode.has_rounds && !finished && ++ends_without_progress >= limit) stop(kRunWithoutProgress);
}

}  // namespace lorafleet::actors
