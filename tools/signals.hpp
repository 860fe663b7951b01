#pragma once

#include <csignal>
#include <functional>
#include <stop_token>
#include <thread>

namespace lorafleet::tools {

/// While it lives, the first SIGINT or SIGTERM requests a stop, the second ends the process with
/// status 130 at once. Made before other threads, which inherit the blocked signals; one at a time.
class StopOnSignals {
 public:
  /// `notify` is called at the first signal, from a thread of this object.
  explicit StopOnSignals(std::function<void()> notify);
  ~StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  [[nodiscard]] bool requested() const { return source_.stop_requested(); }

 private:
  void wait();

  std::function<void()> notify_;
  std::stop_source source_;
  std::stop_source end_;
  sigset_t signals_;
  sigset_t previous_mask_;
  struct sigaction previous_int_;
  struct sigaction previous_term_;
  std::thread waiter_;
};

}  // namespace lorafleet::tools
