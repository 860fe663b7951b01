#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "actors/sim/time/virtual_time.hpp"

namespace lorafleet::sim {

/// The next change of each client, earliest first, then by client: a binary heap of 16 bytes a
/// client.
class ToggleHeap {
 public:
  struct Toggle {
    VirtualTime time;
    std::uint32_t client;
    friend auto operator<=>(const Toggle&, const Toggle&) = default;
  };

  ToggleHeap() = default;
  /// O(n).
  explicit ToggleHeap(std::vector<Toggle> toggles) : heap_(std::move(toggles)) {
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  }

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] const Toggle& top() const { return heap_.front(); }
  /// Moves the top's client to a later time: one way down the heap.
  void postpone_top(VirtualTime time) {
    heap_.front().time = time;
    sink();
  }
  void pop() {
    heap_.front() = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink();
  }

 private:
  void sink() {
    const Toggle moved = heap_.front();
    std::size_t hole = 0;
    for (std::size_t child = 1; child < heap_.size(); child = 2 * hole + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
      if (!(heap_[child] < moved)) break;
      heap_[hole] = heap_[child];
      hole = child;
    }
    heap_[hole] = moved;
  }

  std::vector<Toggle> heap_;
};

}  // namespace lorafleet::sim
