#include "model/device/memory_turns.hpp"

#include <condition_variable>
#include <map>
#include <mutex>

namespace lorafleet::model {
namespace {

class Turns {
 public:
  void enter() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return alone_ == 0; });
    ++together_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --together_;
    changed_.notify_all();
  }
  void enter_alone() {
    std::unique_lock lock(mutex_);
    ++alone_;
    changed_.wait(lock, [&] { return together_ == 0 && !taken_; });
    taken_ = true;
  }
  void leave_alone() {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    --alone_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int together_ = 0;
  int alone_ = 0;  ///< who waits for it, or has it
  bool taken_ = false;
};

Turns& turns_of(const c10::Device& device) {
  static std::mutex mutex;
  static std::map<c10::DeviceIndex, Turns> all;
  const std::lock_guard lock(mutex);
  return all[device.index()];
}

template <void (Turns::*enter)(), void (Turns::*leave)()>
void do_in_turn(const c10::Device& device, const std::function<void()>& work) {
  if (!shares_memory(device)) return work();
  struct Turn {
    Turns& turns;
    explicit Turn(Turns& own) : turns(own) { (turns.*enter)(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { (turns.*leave)(); }
  };
  const Turn turn(turns_of(device));
  work();
}

}  // namespace

bool shares_memory(const c10::Device& device) {
  return !device.is_cpu();
}

void beside_others(const c10::Device& device, const std::function<void()>& work) {
  do_in_turn<&Turns::enter, &Turns::leave>(device, work);
}

void without_others(const c10::Device& device, const std::function<void()>& work) {
  do_in_turn<&Turns::enter_alone, &Turns::leave_alone>(device, work);
}

}  // namespace lorafleet::model
