#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <queue>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/sim/time/virtual_time.hpp"

namespace lorafleet::sim {

/// The end of a job: its arrival, or the moment in which its loss is noticed. Ordered by time, then
/// client, then seq; `seq` makes equal keys impossible.
struct JobEnd {
  VirtualTime time;
  JobId id;
  friend auto operator<=>(const JobEnd&, const JobEnd&) = default;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("time", self.time);
    visit("id", self.id);
  }
};

/// The future-event list: ends of jobs, earliest first. push and pop are O(log n).
class EventQueue {
 public:
  void push(const JobEnd& end) { heap_.push(end); }
  /// The earliest end. The queue must not be empty.
  [[nodiscard]] const JobEnd& top() const { return heap_.top(); }
  void pop() { heap_.pop(); }
  void clear() { heap_ = {}; }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  std::priority_queue<JobEnd, std::vector<JobEnd>, std::greater<>> heap_;
};

}  // namespace lorafleet::sim
