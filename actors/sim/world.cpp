#include "actors/sim/world.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <utility>

#include "actors/sim/time/alternating.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::sim {

namespace {

/// Episodes that are shorter would be walked through one by one all the same.
constexpr double kShortestSlowDownMean = 0.001;

constexpr const char* kPause = "pause";

void require(bool holds, const char* key, const char* allowed) {
  if (!holds) throw InputError(key, std::string("is out of range; allowed: ") + allowed);
}

void check(const NetworkConfig& network, const AvailabilityConfig& availability) {
  require(network.server_upload_mbps >= 0.0, "network.server_upload_mbps", "0 or more");
  require(network.cost_per_gb >= 0.0, "network.cost_per_gb", "0 or more");
  require(availability.drop_probability >= 0.0 && availability.drop_probability <= 1.0,
          "availability.drop_probability", "0 to 1");
  require(availability.crash_rate_per_hour >= 0.0, "availability.crash_rate_per_hour", "0 or more");
  const auto known = leaving_names();
  require(std::find(known.begin(), known.end(), availability.leaving) != known.end(),
          "availability.leaving", "lose, pause");
}

std::unique_ptr<const Timeline> slow_timeline(const SlowDownConfig& config,
                                              std::uint64_t run_seed) {
  if (config.mean_between_seconds == 0.0) return nullptr;
  require(config.mean_between_seconds >= kShortestSlowDownMean,
          "devices.slow_down.mean_between_seconds", "0, or 0.001 or more");
  require(config.mean_seconds >= kShortestSlowDownMean, "devices.slow_down.mean_seconds",
          "0.001 or more");
  require(config.factor >= 1.0, "devices.slow_down.factor", "1 or more");
  if (config.factor == 1.0) return nullptr;
  return std::make_unique<Alternating>(run_seed, Purpose::slow_down, config.mean_seconds,
                                       config.mean_between_seconds);
}

std::vector<Period> first_periods(const Timeline* timeline, std::size_t clients) {
  if (timeline == nullptr) return {};
  std::vector<Period> periods(clients);
  for (std::size_t c = 0; c < clients; ++c)
    periods[c] = timeline->first(static_cast<std::uint32_t>(c));
  return periods;
}

ToggleHeap toggles_of(const std::vector<Period>& periods) {
  std::vector<ToggleHeap::Toggle> toggles;
  toggles.reserve(periods.size());
  for (std::size_t c = 0; c < periods.size(); ++c) {
    if (periods[c].until < kNever) {
      toggles.push_back({periods[c].until, static_cast<std::uint32_t>(c)});
    }
  }
  return ToggleHeap(std::move(toggles));
}

}  // namespace

std::vector<std::string> leaving_names() {
  return {"lose", kPause};
}

World::World(DevicesConfig devices, NetworkConfig network, AvailabilityConfig availability,
             std::size_t clients, std::uint64_t run_seed, double train_flops_per_token)
    : World(
          devices, network, std::move(availability),
          std::make_shared<const Fleet>(devices, network, clients, run_seed, train_flops_per_token),
          run_seed) {}

World::World(DevicesConfig devices, NetworkConfig network, AvailabilityConfig availability,
             std::shared_ptr<const Fleet> fleet, std::uint64_t run_seed)
    : devices_(std::move(devices)),
      network_(std::move(network)),
      availability_(std::move(availability)),
      run_seed_(run_seed),
      fleet_(std::move(fleet)),
      model_(&availability_models().at(availability_.model)),
      pauses_(availability_.leaving == kPause),
      timeline_(model_->make(availability_, clients(), run_seed)),
      periods_(first_periods(timeline_.get(), clients())),
      toggles_(toggles_of(periods_)),
      outages_(availability_.outages, *fleet_, run_seed),
      slow_(slow_timeline(devices_.slow_down, run_seed)),
      slow_periods_(first_periods(slow_.get(), clients())),
      uplink_(network_.server_upload_mbps) {
  check(network_, availability_);
}

bool World::online(ClientId client) const {
  return (periods_.empty() || periods_[client.value].on) && !outages_.hits(client);
}

VirtualTime World::next_toggle() const {
  return toggles_.empty() ? outages_.next() : std::min(toggles_.top().time, outages_.next());
}

std::optional<VirtualTime> World::next_change() const {
  const VirtualTime next = next_toggle();
  if (next == kNever) return std::nullopt;
  return next;
}

void World::advance(VirtualTime now, const Changed& changed) {
  assert(now >= now_ && now < kNever);
  for (VirtualTime next = next_toggle(); next <= now; next = next_toggle()) {
    if (outages_.next() == next) {
      toggle_group(changed);
    } else {
      toggle_client(changed);
    }
  }
  now_ = now;
}

void World::toggle_client(const Changed& changed) {
  const std::uint32_t client = toggles_.top().client;
  Period& period = periods_[client];
  period = timeline_->after(client, period);
  if (period.until < kNever) {
    toggles_.postpone_top(period.until);
  } else {
    toggles_.pop();
  }
  if (changed && !outages_.hits({client})) changed({client}, period.on);
}

/// An outage begins or ends, and periods of clients may end at the same time.
void World::toggle_group(const Changed& changed) {
  const VirtualTime time = outages_.next();
  std::vector<bool> before(clients());
  for (std::uint32_t c = 0; c < clients(); ++c)
    before[c] = online({c});
  while (!toggles_.empty() && toggles_.top().time == time)
    toggle_client({});
  outages_.pass_next();
  if (!changed) return;
  for (std::uint32_t c = 0; c < clients(); ++c) {
    if (online({c}) != before[c]) changed({c}, !before[c]);
  }
}

std::optional<VirtualTime> World::online_from(ClientId client, VirtualTime limit) const {
  Period period = periods_.empty() ? Period{kNever, 0, true} : periods_[client.value];
  VirtualTime time = now_;
  while (time < limit) {
    if (timeline_) period = timeline_->at(client.value, period, time);
    if (!period.on) {
      time = period.until;
      continue;
    }
    const VirtualTime free = outages_.free_from(client, time, limit);
    if (free == time) return time;
    time = free;
  }
  return std::nullopt;
}

bool World::answers(ClientId client, Sequence seq) const {
  return !may_refuse() || model_->answers(availability_, run_seed_, client, seq);
}

Hindrances World::hindrances(ClientId client, const JobTiming& timing) const {
  Hindrances met;
  met.client = client.value;
  if (pauses_ && timeline_) {
    met.online = timeline_.get();
    met.online_period = timing.online;
  }
  if (slow_) {
    met.slow = slow_.get();
    met.slow_period = timing.slow;
    met.slow_factor = devices_.slow_down.factor;
  }
  return met;
}

JobTiming World::predict(const JobLoad& load, VirtualTime now) {
  assert(now >= now_ && next_toggle() > now);
  JobTiming timing;
  timing.work = job_work(fleet_->profile(load.id.client), devices_, network_, run_seed_, load);
  if (!online(load.id.client)) {
    timing.down = timing.work.down;
    timing.compute = timing.work.compute;
    timing.up = timing.work.up;
    timing.lost = true;
    timing.absent = true;
    timing.end = {1};
    timing.reason = outages_.hits(load.id.client) ? LossReason::outage : LossReason::went_offline;
    return timing;
  }
  timing.waited = uplink_.serve(load.id.seq, now, load.bytes_down);
  const Phases phases = {timing.waited + timing.work.down, timing.work.compute, timing.work.up};
  if (pauses_ && timeline_) timing.online = periods_[load.id.client.value];
  if (slow_) {
    Period& episode = slow_periods_[load.id.client.value];
    timing.slow = episode = slow_->at(load.id.client.value, episode, now);
  }
  const Hindrances met = hindrances(load.id.client, timing);
  const bool hindered = met.online != nullptr || met.slow != nullptr;
  const Course course =
      hindered ? follow(phases, now, met)
               : Course{phases, phases, now + phases[0] + phases[1] + phases[2], true, false};
  timing.down = course.elapsed[0];
  timing.compute = course.elapsed[1];
  timing.up = course.elapsed[2];

  const Loss loss = loss_of(load, phases, course, now, met);
  timing.lost = loss.reason != LossReason::none;
  timing.reason = loss.reason;
  timing.end = (timing.lost ? loss.time : course.end) - now;
  return timing;
}

JobUsage World::usage(const JobLoad& load, const JobTiming& timing, VirtualTime start,
                      VirtualTime until) const {
  const DeviceProfile& profile = fleet_->profile(load.id.client);
  return job_usage(load, timing, start, until, hindrances(load.id.client, timing),
                   {profile.watts, profile.cost_per_hour, network_.cost_per_gb});
}

World::Loss World::loss_of(const JobLoad& load, const Phases& phases, const Course& course,
                           VirtualTime now, const Hindrances& met) const {
  Loss loss;
  const VirtualTime hit = outages_.next_hit(load.id.client);
  if (hit < course.end) loss.consider(hit, LossReason::outage);
  if (course.stranded) {
    loss.consider(std::max(course.end, now + VirtualDuration{1}), LossReason::went_offline);
  } else if (!pauses_ && !periods_.empty() && periods_[load.id.client.value].until < course.end) {
    loss.consider(periods_[load.id.client.value].until, LossReason::went_offline);
  }
  const JobFailures failures = job_failures(availability_, run_seed_, load);
  const VirtualDuration computing = course.active[kComputePhase];
  if (failures.crash_seconds >= 0.0 && failures.crash_seconds < computing.seconds()) {
    const bool hindered = met.online != nullptr || met.slow != nullptr;
    const VirtualTime crash =
        hindered ? follow(phases, now, met, {kNever, failures.crash_seconds * 1e6}).end
                 : now + course.elapsed[0] + bounded_duration(failures.crash_seconds);
    loss.consider(crash, LossReason::crashed);
  }
  if (failures.drops) {
    const double whole = (course.end - now).seconds();
    loss.consider(now + bounded_duration(failures.drop_point * whole), LossReason::dropped_out);
  }
  return loss;
}

}  // namespace lorafleet::sim
