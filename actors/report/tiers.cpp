#include "actors/report/tiers.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace lorafleet::report {

std::vector<TierGroup> tier_groups(const RunData& run) {
  std::vector<TierGroup> groups;
  const std::size_t tiers = run.events ? run.events->fates.size() : 0;
  if (!run.clients || tiers > Events::kMostTiersApart || tiers < 2) {
    TierGroup all{"all clients", {}};
    for (std::size_t i = 0; i < tiers; ++i)
      all.tiers.push_back(i);
    return {all};
  }
  for (std::size_t i = 0; i < tiers; ++i)
    groups.push_back({run.clients->tiers[i].name, {i}});
  return groups;
}

std::vector<std::pair<std::string, Fate>> fates_of(const Events& events, const TierGroup& group) {
  std::map<std::string, Fate> sums;
  for (const std::size_t tier : group.tiers) {
    for (const auto& [name, fate] : events.fates[tier]) {
      Fate& sum = sums[name];
      sum.jobs += fate.jobs;
      sum.tokens += fate.tokens;
      sum.bytes += fate.bytes;
      sum.joules += fate.joules;
    }
  }
  std::vector<std::pair<std::string, Fate>> fates(sums.begin(), sums.end());
  std::stable_sort(fates.begin(), fates.end(), [](const auto& a, const auto& b) {
    const bool first = a.first == Events::kApplied;
    if (first != (b.first == Events::kApplied)) return first;
    return a.second.jobs > b.second.jobs;
  });
  return fates;
}

std::size_t fate_style(const std::string& fate) {
  constexpr std::size_t kGrey = 20;
  if (fate == Events::kInFlight) return kGrey;
  constexpr std::array<const char*, 12> kFates = {
      Events::kApplied, "dropped_out", "late",     "surplus",    "went_offline", "outage",
      "crashed",        "too_stale",   "rejected", "not_finite", "round_failed", Events::kWaiting};
  const auto* found = std::find(kFates.begin(), kFates.end(), fate);
  return static_cast<std::size_t>(found - kFates.begin());
}

std::string fate_text(std::string fate) {
  std::replace(fate.begin(), fate.end(), '_', ' ');
  return fate;
}

}  // namespace lorafleet::report
