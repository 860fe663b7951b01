#pragma once

#include <mutex>

#include "actors/run/progress.hpp"

namespace lorafleet::actors {

/// Where the thread that records a run leaves how far it is, for whoever asks.
class StatusBoard {
 public:
  void write(const Progress& progress) {
    const std::lock_guard lock(mutex_);
    progress_ = progress;
  }
  [[nodiscard]] Progress read() const {
    const std::lock_guard lock(mutex_);
    return progress_;
  }

 private:
  mutable std::mutex mutex_;
  Progress progress_;
};

}  // namespace lorafleet::actors
