#pragma once

#include <cstdint>
#include <map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "actors/coordinator/events.hpp"

namespace lorafleet::actors {

/// Which updates a version folds, as the event log tells it: those of its tier that arrived since
/// the tier's last version and were not refused. `What` is what is kept of each until then.
template <typename What>
class FoldedUpdates {
 public:
  void arrive(const UpdateArrived& arrived, What what) {
    waiting_[arrived.tier.value_or(0)].emplace_back(arrived.id.seq.value, std::move(what));
  }
  /// Of an update that arrived.
  void refuse(sim::Sequence seq) { refused_.insert(seq.value); }

  /// In the order of arrival.
  std::vector<What> fold(const VersionMade& made) {
    std::vector<What> folded;
    auto& waiting = waiting_[made.tier.value_or(0)];
    for (auto& [seq, what] : waiting) {
      if (refused_.erase(seq) == 0) folded.push_back(std::move(what));
    }
    waiting.clear();
    return folded;
  }

 private:
  std::map<std::uint64_t, std::vector<std::pair<std::uint64_t, What>>> waiting_;  // by tier
  std::unordered_set<std::uint64_t> refused_;                                     // seq
};

}  // namespace lorafleet::actors
