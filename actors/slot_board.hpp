#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "actors/run/progress.hpp"

namespace lorafleet::actors {

/// Where the slots of this process leave what they have trained, for whoever asks.
class SlotBoard {
 public:
  explicit SlotBoard(std::size_t slots) : work_(slots) {}

  void add_job(std::size_t slot, std::int64_t tokens) {
    const std::lock_guard lock(mutex_);
    ++work_[slot].jobs;
    work_[slot].tokens += tokens;
  }
  [[nodiscard]] std::vector<SlotWork> read() const {
    const std::lock_guard lock(mutex_);
    return work_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<SlotWork> work_;
};

}  // namespace lorafleet::actors
