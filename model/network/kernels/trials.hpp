#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

namespace lorafleet::model {

/// Answers that a device's library gives when it is tried, each asked for once: under the same key
/// the first one holds. A trial that throws is tried again. Internal to model/.
class Trials {
 public:
  using Key = std::vector<std::int64_t>;

  std::int64_t of(const Key& key, const std::function<std::int64_t()>& trial);

 private:
  std::mutex mutex_;
  std::map<Key, std::int64_t> known_;
};

/// What `trial` says; no, where LibTorch refuses. That there is no memory says nothing, and passes.
bool accepted(const std::function<bool()>& trial);

}  // namespace lorafleet::model
