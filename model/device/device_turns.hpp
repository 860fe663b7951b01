#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace lorafleet::model {

/// Who computes on a device: any number of threads at a time, or one that has no memory beside the
/// others. These wait between their passes then, until that one's job is done.
class DeviceTurns {
 public:
  /// Those of a device of this process ("cuda:1"). They live as long as it does.
  static DeviceTurns& of(const std::string& device);

  void begin(bool alone);
  void end(bool alone);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t computing_ = 0;
  std::int64_t waiting_alone_ = 0;  ///< they come first
  bool is_alone_ = false;
};

/// A pass; must not be within another one.
class DeviceTurn {
 public:
  DeviceTurn(const std::string& device, bool alone)
      : turns_(DeviceTurns::of(device)), alone_(alone) {
    turns_.begin(alone_);
  }
  ~DeviceTurn() { turns_.end(alone_); }
  DeviceTurn(const DeviceTurn&) = delete;
  DeviceTurn& operator=(const DeviceTurn&) = delete;

 private:
  DeviceTurns& turns_;
  bool alone_;
};

}  // namespace lorafleet::model
