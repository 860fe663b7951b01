#include "model/device/device_turns.hpp"

#include <map>

namespace lorafleet::model {

DeviceTurns& DeviceTurns::of(const std::string& device) {
  static std::mutex mutex;
  static std::map<std::string, DeviceTurns> all;
  const std::scoped_lock lock(mutex);
  return all[device];
}

void DeviceTurns::begin(bool alone) {
  std::unique_lock lock(mutex_);
  if (alone) {
    ++waiting_alone_;
    changed_.wait(lock, [this] { return computing_ == 0; });
    --waiting_alone_;
  } else {
    changed_.wait(lock, [this] { return !is_alone_ && waiting_alone_ == 0; });
  }
  ++computing_;
  is_alone_ = alone;
}

void DeviceTurns::end(bool alone) {
  {
    const std::scoped_lock lock(mutex_);
    --computing_;
    if (alone) is_alone_ = false;
  }
  changed_.notify_all();
}

}  // namespace lorafleet::model
