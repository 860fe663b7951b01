#pragma once

#include <string>
#include <vector>

#include "actors/report/data/run_data.hpp"

namespace lorafleet::report {

/// Tiers that are shown apart: each by itself, or all as one where there are too many for that.
struct TierGroup {
  std::string name;
  std::vector<std::size_t> tiers;
};
std::vector<TierGroup> tier_groups(const RunData& run);

/// Jobs of a tier group by how they ended; the most frequent first, "applied" before all.
std::vector<std::pair<std::string, Fate>> fates_of(const Events& events, const TierGroup& group);

/// Colour of an outcome, the same on all pages.
std::size_t fate_style(const std::string& fate);
/// "dropped_out" as it is read: "dropped out".
std::string fate_text(std::string fate);

}  // namespace lorafleet::report
