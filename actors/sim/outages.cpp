#include "actors/sim/outages.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "actors/sim/time/alternating.hpp"
#include "actors/sim/time/regular.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::sim {

namespace {

/// Apart from the periods of the entry.
constexpr std::uint64_t kSubset = 0;
constexpr double kShortestOutageMean = 0.001;

[[noreturn]] void refuse(std::size_t number, const std::string& what) {
  throw InputError("availability.outages." + std::to_string(number), what);
}

std::unique_ptr<const Timeline> timeline_of(const OutageConfig& config, std::size_t number,
                                            std::uint64_t run_seed) {
  if (config.mean_between_seconds != 0.0) {
    if (!(config.mean_between_seconds >= kShortestOutageMean &&
          config.mean_seconds >= kShortestOutageMean)) {
      refuse(number, "mean_between_seconds and mean_seconds must be 0.001 or more");
    }
    return std::make_unique<Alternating>(run_seed, Purpose::outage, config.mean_seconds,
                                         config.mean_between_seconds);
  }
  if (!(config.duration_seconds > 0.0)) refuse(number, "duration_seconds must be above 0");
  if (config.every_seconds != 0.0 && !(config.every_seconds > config.duration_seconds)) {
    refuse(number, "every_seconds must be 0 or above duration_seconds, or the outage never ends");
  }
  return std::make_unique<Regular>(config.start_seconds, config.duration_seconds,
                                   config.every_seconds);
}

std::vector<std::uint32_t> group_of(const OutageConfig& config, std::size_t number,
                                    const Fleet& fleet) {
  const auto& names = fleet.tier_names();
  const auto tier = std::find(names.begin(), names.end(), config.tier);
  if (!config.tier.empty() && tier == names.end()) {
    refuse(number, "tier \"" + config.tier + "\" is not known; allowed: " + join(names) +
                       did_you_mean(nearest_name(config.tier, names)));
  }
  const auto wanted = static_cast<std::size_t>(tier - names.begin());
  std::vector<std::uint32_t> group;
  for (std::uint32_t c = 0; c < fleet.clients(); ++c) {
    if (config.tier.empty() || fleet.profile({c}).tier == wanted) group.push_back(c);
  }
  return group;
}

std::vector<bool> members_of(const OutageConfig& config, std::size_t number, const Fleet& fleet,
                             std::uint64_t run_seed) {
  if (!(config.share > 0.0) || config.share > 1.0) {
    refuse(number, "share must be above 0, at most 1");
  }
  auto group = group_of(config, number, fleet);
  if (config.share < 1.0 && !group.empty()) {
    Random random(run_seed, Purpose::outage, number, kSubset);
    random.shuffle(group);
    const auto size = std::llround(config.share * static_cast<double>(group.size()));
    group.resize(static_cast<std::size_t>(std::max(size, 1LL)));
  }
  std::vector<bool> members(fleet.clients());
  for (const auto client : group)
    members[client] = true;
  return members;
}

}  // namespace

Outages::Outages(const std::vector<OutageConfig>& config, const Fleet& fleet,
                 std::uint64_t run_seed) {
  for (std::size_t i = 0; i < config.size(); ++i) {
    Entry entry;
    entry.timeline = timeline_of(config[i], i, run_seed);
    entry.number = static_cast<std::uint32_t>(i);
    entry.period = entry.timeline->first(entry.number);
    entry.members = members_of(config[i], i, fleet, run_seed);
    entries_.push_back(std::move(entry));
  }
  find_next();
}

void Outages::find_next() {
  next_ = kNever;
  for (const auto& entry : entries_)
    next_ = std::min(next_, entry.period.until);
}

void Outages::pass_next() {
  const VirtualTime time = next_;
  for (auto& entry : entries_)
    entry.period = entry.timeline->at(entry.number, entry.period, time);
  find_next();
}

bool Outages::hits(ClientId client) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.period.on && entry.members[client.value];
  });
}

VirtualTime Outages::next_hit(ClientId client) const {
  VirtualTime next = kNever;
  for (const auto& entry : entries_) {
    if (!entry.period.on && entry.members[client.value]) next = std::min(next, entry.period.until);
  }
  return next;
}

std::vector<std::pair<const Timeline*, std::uint32_t>> Outages::timelines_of(
    ClientId client) const {
  std::vector<std::pair<const Timeline*, std::uint32_t>> timelines;
  for (const auto& entry : entries_) {
    if (entry.members[client.value]) timelines.emplace_back(entry.timeline.get(), entry.number);
  }
  return timelines;
}

VirtualTime Outages::free_from(ClientId client, VirtualTime time, VirtualTime limit) const {
  bool moved = true;
  while (moved && time < limit) {
    moved = false;
    for (const auto& entry : entries_) {
      if (!entry.members[client.value]) continue;
      const Period period = entry.timeline->at(entry.number, entry.period, time);
      if (!period.on) continue;
      time = period.until;
      moved = true;
    }
  }
  return time < limit ? time : kNever;
}

}  // namespace lorafleet::sim
