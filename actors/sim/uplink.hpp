#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/sim/time/durations.hpp"

namespace lorafleet::sim {

/// The server's uplink, shared by all clients: it serves one download at a time, first come first
/// served in the order of dispatch. A download of b bytes occupies it for 8 b / (mbps 1e6) seconds,
/// from the dispatch or from the moment when those before it are through. This is the one part of
/// the world that depends on which jobs there were, and so it belongs into checkpoints.
class Uplink {
 public:
  /// A download that is not through yet.
  struct Turn {
    Sequence seq;
    std::int64_t end = 0;  ///< nanoseconds, so that short transfers add up without rounding
    friend bool operator==(const Turn&, const Turn&) = default;

    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor&& visit) {
      visit("seq", self.seq);
      visit("end", self.end);
    }
  };

  /// 0 Mbit/s: unlimited.
  explicit Uplink(double mbps) : mbps_(mbps) {}

  /// How long a job's download of so many bytes, dispatched at `now`, waits until it is served.
  /// Neither times nor numbers of jobs may go back from call to call.
  VirtualDuration serve(Sequence seq, VirtualTime now, std::int64_t bytes) {
    if (!(mbps_ > 0.0)) return {};
    const std::int64_t asked = std::min(now.microseconds, kLatest / kNanoseconds) * kNanoseconds;
    while (!turns_.empty() && turns_.front().end <= asked)
      turns_.pop_front();
    const std::int64_t start = turns_.empty() ? asked : turns_.back().end;
    const double most = static_cast<double>(kLatest - start);
    const double takes = std::round(transfer_seconds(bytes, mbps_) * 1e9);
    turns_.push_back({seq, takes < most ? start + static_cast<std::int64_t>(takes) : kLatest});
    return {(start - asked) / kNanoseconds};
  }

  /// The job needs nothing more. Downloads that come later move up; those that wait already keep
  /// the times that they were promised.
  void release(Sequence seq) {
    const auto turn =
        std::lower_bound(turns_.begin(), turns_.end(), seq,
                         [](const Turn& known, Sequence sought) { return known.seq < sought; });
    if (turn != turns_.end() && turn->seq == seq) turns_.erase(turn);
  }

  [[nodiscard]] std::vector<Turn> turns() const { return {turns_.begin(), turns_.end()}; }
  void restore(const std::vector<Turn>& turns) { turns_.assign(turns.begin(), turns.end()); }

 private:
  static constexpr std::int64_t kNanoseconds = 1000;  ///< of a microsecond
  static constexpr std::int64_t kLatest = std::int64_t{1} << 62;

  double mbps_;
  std::deque<Turn> turns_;  ///< by seq, and by end
};

}  // namespace lorafleet::sim
