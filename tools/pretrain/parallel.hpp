#pragma once

#include <cstddef>
#include <functional>

namespace lorafleet::pretrain {

/// Calls `work(worker, item)` once for each item from 0 to `items` - 1, on `workers` threads that
/// take one item after the other, each of them computing with one thread. Which worker gets which
/// item is left to chance. The first exception is thrown again here.
void in_parallel(std::size_t workers, std::size_t items,
                 const std::function<void(std::size_t worker, std::size_t item)>& work);

}  // namespace lorafleet::pretrain
