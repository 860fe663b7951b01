#include "tools/pretrain/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "model/device/process.hpp"

namespace lorafleet::pretrain {

void in_parallel(std::size_t workers, std::size_t items,
                 const std::function<void(std::size_t worker, std::size_t item)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&](std::size_t worker) {
    try {
      model::configure_thread(1);
      for (std::size_t item = next++; item < items; item = next++)
        work(worker, item);
    } catch (...) {
      next = items;
      const std::lock_guard lock(mutex);
      if (failure == nullptr) failure = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t worker = 1; worker < std::min(workers, items); ++worker)
    threads.emplace_back(run, worker);
  run(0);
  for (std::thread& thread : threads)
    thread.join();
  if (failure != nullptr) std::rethrow_exception(failure);
}

}  // namespace lorafleet::pretrain
