#include "model/network/device_fit.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "model/device/device_memory.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

constexpr std::int64_t kGigabyte = 1'000'000'000;

/// A pass takes 1 GB, and 2 GB for each job.
DeviceFootprint some_footprint() {
  DeviceFootprint takes;
  takes.base_bytes = 3 * kGigabyte;
  takes.adapter_bytes = kGigabyte / 2;
  takes.rows = 1024;
  takes.pass_bytes = [](std::int64_t jobs) { return kGigabyte + 3 * jobs * kGigabyte / 2; };
  return takes;
}

struct Said {
  std::vector<std::string> lines;
  std::size_t jobs = 0;

  Said(std::size_t slots, std::size_t wished, std::int64_t free)
      : jobs(jobs_that_fit({"cuda:1", slots, wished}, some_footprint(), free,
                           [this](const std::string& line) { lines.push_back(line); })) {}
};

}  // namespace

TEST_CASE("a GPU with room for all jobs trains them all") {
  const Said said(2, 16, 66 * kGigabyte);
  CHECK(said.jobs == 16);
  CHECK(said.lines.empty());
}

TEST_CASE("with less room slots train fewer jobs at a time, and say so") {
  const Said said(2, 16, 66 * kGigabyte - 1);
  CHECK(said.jobs == 15);
  REQUIRE(said.lines.size() == 1);
  CHECK(
      said.lines[0] ==
      "cuda:1 has 66.0 GB left beside a base of 3.0 GB; 2 slots of 16 jobs of up to 1024 tokens a "
      "pass would take about 66.0 GB: each slot trains 15 jobs at a time, with the same results");
  CHECK(Said(1, 16, 3 * kGigabyte).jobs == 1);
}

TEST_CASE("where one job in each slot may be too much, a warning has the numbers") {
  const Said said(2, 4, 6 * kGigabyte - 1);
  CHECK(said.jobs == 1);
  REQUIRE(said.lines.size() == 1);
  CHECK(
      said.lines[0] ==
      "cuda:1 has 6.0 GB left beside a base of 3.0 GB; 2 slots of 1 job of up to 1024 tokens a "
      "pass would take about 6.0 GB, and memory may run out: train.recompute = \"layer\", a lower "
      "train.batch_tokens or slots.count needs less");
}

TEST_CASE("memory is asked of the GPU in question, and the one in use stays so") {
  static int current = 0;
  static std::vector<int> chosen;
  current = 2;
  chosen.clear();
  const auto symbol = [](const char* name) -> void* {
    const std::string own = name;
    if (own == "cudaGetDevice")
      return reinterpret_cast<void*>(+[](int* device) { return *device = current, 0; });
    if (own == "cudaSetDevice")
      return reinterpret_cast<void*>(+[](int device) { return chosen.push_back(device), 0; });
    if (own == "cudaMemGetInfo") {
      return reinterpret_cast<void*>(+[](std::size_t* free, std::size_t* all) {
        *free = 5;
        *all = 7;
        return 0;
      });
    }
    return nullptr;
  };
  CHECK(free_memory("cuda:1", symbol) == 5);
  CHECK(chosen == std::vector<int>{1, 2});
  CHECK(free_memory("cuda:2", symbol) == 5);
  CHECK(chosen == std::vector<int>{1, 2});
  CHECK(!free_memory("cpu", symbol));
  CHECK(!free_memory("cuda", [](const char*) -> void* { return nullptr; }));
}
