#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

namespace lorafleet::model {

/// Calls f(first, count) for parts of the rows, on all threads of the caller's team; what a row
/// becomes must not depend on the part that it is in. Internal to model/.
template <typename Function>
void over_rows(std::int64_t rows, std::int64_t width, const Function& f) {
  constexpr std::int64_t kEntries = 32768;  // less is not worth another thread
  const std::int64_t grain = std::max<std::int64_t>(1, kEntries / std::max<std::int64_t>(1, width));
  at::parallel_for(0, rows, grain,
                   [&](std::int64_t begin, std::int64_t end) { f(begin, end - begin); });
}

}  // namespace lorafleet::model
