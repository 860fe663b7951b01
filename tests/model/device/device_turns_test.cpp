#include "model/device/device_turns.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace lorafleet::model;

TEST_CASE("many compute on a device at a time, but nobody beside one that needs all of it") {
  const std::string device = "cuda:7";
  std::atomic<int> computing{0}, alone{0}, most{0}, wrong{0};
  const auto work = [&](bool is_alone) {
    const DeviceTurn turn(device, is_alone);
    const int now = ++computing;
    if (is_alone) ++alone;
    if (alone > 0 && now > 1) ++wrong;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (is_alone) --alone;
    --computing;
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        for (int pass = 0; pass < 40; ++pass)
          work(i < 2 && pass % 4 == 0);
      });
    }
  }
  CHECK(wrong == 0);
  CHECK(most > 1);
  CHECK(&DeviceTurns::of(device) == &DeviceTurns::of("cuda:7"));
  CHECK(&DeviceTurns::of(device) != &DeviceTurns::of("cuda:6"));
}
