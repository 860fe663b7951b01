#include "model/training/memory_limits.hpp"

#include <algorithm>

namespace lorafleet::model {

void MemoryLimits::job_failed(std::size_t jobs) {
  jobs_ = std::min(jobs_, std::max<std::size_t>(1, jobs / 2));
}

void MemoryLimits::pass_failed(std::int64_t tokens) {
  tokens_ = std::max<std::int64_t>(1, tokens / 2);
  calm_ = 0;
}

void MemoryLimits::advanced() {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (++calm_ < kCalm) return;
  tokens_ = tokens_ > kMost / 2 ? kMost : 2 * tokens_;
  calm_ = 0;
}

}  // namespace lorafleet::model
