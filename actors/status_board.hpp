#pragma once

#include <mutex>
#include <string>

#include "actors/coordinator/coordinator.hpp"

namespace lorafleet::actors {

/// Where the thread that records a run leaves how far it is, for whoever asks.
class StatusBoard {
 public:
  struct View {
    RunTotals totals;
    double done = 0.0;  ///< 0 to 1
  };

  void write(const RunTotals& totals, double done) {
    const std::lock_guard lock(mutex_);
    view_ = {totals, done};
  }
  [[nodiscard]] View read() const {
    const std::lock_guard lock(mutex_);
    return view_;
  }

 private:
  mutable std::mutex mutex_;
  View view_;
};

}  // namespace lorafleet::actors
