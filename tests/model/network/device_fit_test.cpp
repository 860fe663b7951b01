#include "model/network/device_fit.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "model/device/device_memory.hpp"
#include "partition/support/error.hpp"

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

/// The same of passes of fewer tokens.
DeviceFootprint footprint_of_rows(std::int64_t rows) {
  DeviceFootprint takes = some_footprint();
  takes.rows = rows;
  takes.pass_bytes = [rows](std::int64_t jobs) {
    return kGigabyte + 3 * jobs * kGigabyte / 2048 * rows;
  };
  return takes;
}

struct Said {
  std::vector<std::string> lines;
  std::size_t jobs = 0;

  Said(std::size_t slots, std::size_t wished, std::int64_t free)
      : Said({{"cuda:1", slots, free}}, wished) {}
  Said(const std::vector<SlotsOfGpu>& gpus, std::size_t wished)
      : jobs(jobs_that_fit(gpus, wished, some_footprint(),
                           [this](const std::string& line) { lines.push_back(line); })) {}
};

}  // namespace

TEST_CASE("a GPU with room for all jobs trains them all") {
  const Said said(2, 16, 66 * kGigabyte);
  CHECK(said.jobs == 16);
  CHECK(said.lines.empty());
}

TEST_CASE("how many jobs go into a GPU of some size, beside base and evaluation") {
  const DeviceFootprint takes = some_footprint();  // 4 GB, and 2 GB for each job
  CHECK(jobs_in(24 * kGigabyte, 0, 100, takes) == 10);
  CHECK(jobs_in(24 * kGigabyte - 1, 0, 100, takes) == 9);
  CHECK(jobs_in(24 * kGigabyte, 3 * kGigabyte, 100, takes) == 8);
  CHECK(jobs_in(24 * kGigabyte, 0, 7, takes) == 7);
  CHECK(jobs_in(6 * kGigabyte - 1, 0, 100, takes) == 0);
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

TEST_CASE("of several GPUs the one with the least room decides, in one line") {
  // With one slot 16 jobs take 33 GB, 15 of them 31 GB, 3 of them 7 GB; two slots twice as much.
  const Said uneven({{"cuda:0", 2, 66 * kGigabyte},
                     {"cuda:1", 1, 33 * kGigabyte - 1},
                     {"cuda:2", 1, 7 * kGigabyte},
                     {"cuda:3", 1, 7 * kGigabyte}},
                    16);
  CHECK(uneven.jobs == 3);
  REQUIRE(uneven.lines.size() == 1);
  CHECK(uneven.lines[0].starts_with("cuda:2 has 7.0 GB left"));
  CHECK(uneven.lines[0].find("1 slot of 16 jobs") != std::string::npos);
  CHECK(Said({{"cuda:0", 2, 66 * kGigabyte}, {"cuda:1", 1, 33 * kGigabyte}}, 16).lines.empty());

  const Said short_of({{"cuda:0", 1, 3 * kGigabyte}, {"cuda:1", 2, 3 * kGigabyte}}, 1);
  CHECK(short_of.jobs == 1);
  REQUIRE(short_of.lines.size() == 1);
  CHECK(short_of.lines[0].starts_with("cuda:1 has 3.0 GB left"));
  CHECK(short_of.lines[0].find("memory may run out") != std::string::npos);
}

TEST_CASE("what evaluation takes on its GPU leaves room for fewer jobs there") {
  const Said said({{"cuda:0", 1, 33 * kGigabyte, 4 * kGigabyte}, {"cuda:1", 1, 33 * kGigabyte}},
                  16);
  CHECK(said.jobs == 14);
  REQUIRE(said.lines.size() == 1);
  CHECK(said.lines[0] ==
        "cuda:0 has 33.0 GB left beside a base of 3.0 GB; 1 slot of 16 jobs of up to 1024 tokens a "
        "pass would take about 33.0 GB, and evaluation 4.0 GB: each slot trains 14 jobs at a time, "
        "with the same results");
  const Said tight({{"cuda:0", 1, 4 * kGigabyte, 2 * kGigabyte}}, 1);
  REQUIRE(tight.lines.size() == 1);
  CHECK(tight.lines[0].ends_with(
      "about 3.0 GB, and evaluation 2.0 GB, and memory may run out: train.recompute = \"layer\", a "
      "lower train.batch_tokens, evaluation.batch_tokens or slots.count needs less"));
}

TEST_CASE("where one job is too much for a GPU by more than the estimate may err, it is refused") {
  const auto advice = [](std::int64_t rows) { return std::to_string(rows) + " tokens fit"; };
  // A job of 1024 tokens takes 3 GB; 6 sevenths of it are 2.57 GB. Evaluation makes way.
  check_job_fits({{"cuda:0", 4, 3 * kGigabyte}, {"cuda:1", 4, 26 * kGigabyte / 10, kGigabyte}},
                 1024, footprint_of_rows, advice);
  CHECK_THROWS_WITH_AS(
      check_job_fits({{"cuda:0", 1, 3 * kGigabyte}, {"cuda:1", 1, 25 * kGigabyte / 10}}, 1024,
                     footprint_of_rows, advice),
      "train.batch_tokens: cuda:1 has 2.5 GB left beside a base of 3.0 GB; one job with a pass of "
      "1024 tokens takes about 3.0 GB: 682 tokens fit",
      InputError);
}

TEST_CASE("the largest pass that fits is found, whatever the GPU with the least room has") {
  for (const std::int64_t free : {0L, 15L, 16L, 17L, 25L, 29L, 30L, 31L, 100L}) {
    const std::vector<SlotsOfGpu> gpus = {{"cuda:0", 1, 40 * kGigabyte},
                                          {"cuda:1", 3, free * kGigabyte / 10}};
    const std::int64_t found = rows_that_fit(gpus, 1024, footprint_of_rows);
    std::int64_t expected = 0;
    for (std::int64_t rows = 1; rows <= 1024; ++rows) {
      const DeviceFootprint takes = footprint_of_rows(rows);
      if (takes.adapter_bytes + takes.pass_bytes(1) <= gpus[1].free) expected = rows;
    }
    CHECK(found == expected);
  }
}

TEST_CASE("a GPU without room for the base is refused before it is loaded") {
  check_base_fits("cuda:2", 3 * kGigabyte, some_footprint());
  CHECK_THROWS_WITH_AS(
      check_base_fits("cuda:2", 3 * kGigabyte - 1, some_footprint()),
      "slots.device: cuda:2 has 3.0 GB left, and the base takes 3.0 GB: a narrower model.dtype or "
      "model.quantization needs less",
      InputError);
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
