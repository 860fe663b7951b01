#include "actors/sim/offline.hpp"

#include <algorithm>

namespace lorafleet::sim {

namespace {

/// Adds the periods of one timeline in which it is `on` or not. Returns up to when.
VirtualTime add_periods(std::vector<OfflineSpan>& spans, const Timeline& timeline,
                        std::uint32_t owner, bool on, VirtualTime until, std::size_t most) {
  VirtualTime start;
  for (Period period = timeline.first(owner); start < until;
       period = timeline.after(owner, period)) {
    if (period.on == on) {
      if (most-- == 0) return start;
      spans.push_back({start, std::min(period.until, until)});
    }
    if (period.until >= until) break;
    start = period.until;
  }
  return until;
}

std::vector<OfflineSpan> joined(std::vector<OfflineSpan> spans, VirtualTime until) {
  std::sort(spans.begin(), spans.end(), [](const OfflineSpan& a, const OfflineSpan& b) {
    return a.start != b.start ? a.start < b.start : a.end < b.end;
  });
  std::vector<OfflineSpan> apart;
  for (const OfflineSpan& span : spans) {
    if (span.start >= until || span.start == span.end) continue;
    if (apart.empty() || span.start > apart.back().end) {
      apart.push_back(span);
    } else {
      apart.back().end = std::max(apart.back().end, span.end);
    }
  }
  if (!apart.empty()) apart.back().end = std::min(apart.back().end, until);
  return apart;
}

}  // namespace

Offline offline_of(const World& world, ClientId client, VirtualTime until, std::size_t most) {
  std::vector<OfflineSpan> spans;
  VirtualTime known = until;
  if (world.timeline() != nullptr)
    known = add_periods(spans, *world.timeline(), client.value, false, until, most);
  for (const auto& [timeline, owner] : world.outages_of(client))
    known = std::min(known, add_periods(spans, *timeline, owner, true, until, most));
  return {joined(std::move(spans), known), known};
}

}  // namespace lorafleet::sim
