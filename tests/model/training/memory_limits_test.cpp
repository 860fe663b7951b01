#include "model/training/memory_limits.hpp"

#include <doctest/doctest.h>

using namespace lorafleet::model;

TEST_CASE("half of what failed goes on, and twice that is tried much later") {
  MemoryLimits limits;
  for (int pass = 0; pass < 3 * MemoryLimits::kCalm; ++pass)
    limits.advanced();
  CHECK(limits.tokens() == INT64_MAX);
  limits.pass_failed(1001);
  CHECK(limits.tokens() == 500);
  for (int pass = 1; pass < MemoryLimits::kCalm; ++pass)
    limits.advanced();
  CHECK(limits.tokens() == 500);
  limits.advanced();
  CHECK(limits.tokens() == 1000);
  limits.advanced();
  limits.pass_failed(900);
  for (int pass = 1; pass < MemoryLimits::kCalm; ++pass)
    limits.advanced();
  CHECK(limits.tokens() == 450);
  limits.pass_failed(1);
  CHECK(limits.tokens() == 1);
}

TEST_CASE("a job that had no memory leaves room for half of them from then on") {
  MemoryLimits limits;
  CHECK(limits.jobs() > 1000);
  limits.job_failed(16);
  CHECK(limits.jobs() == 8);
  limits.job_failed(16);
  CHECK(limits.jobs() == 8);
  for (int pass = 0; pass < 3 * MemoryLimits::kCalm; ++pass)
    limits.advanced();
  CHECK(limits.jobs() == 8);
  limits.job_failed(3);
  limits.job_failed(1);
  CHECK(limits.jobs() == 1);
}
