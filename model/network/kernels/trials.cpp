#include "model/network/kernels/trials.hpp"

#include <c10/util/Exception.h>

#include "model/device/out_of_memory.hpp"

namespace lorafleet::model {

std::int64_t Trials::of(const Key& key, const std::function<std::int64_t()>& trial) {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  return known_[key] = trial();
}

bool accepted(const std::function<bool()>& trial) {
  try {
    return trial();
  } catch (const c10::Error& error) {
    if (is_out_of_memory(error)) throw;
    return false;
  }
}

}  // namespace lorafleet::model
