#include "actors/run/run_audit.hpp"

#include <doctest/doctest.h>

#include "tests/actors/fake_run.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;

namespace {

std::vector<std::string> warnings_of(const actors::FederationConfig& config,
                                     const actors::JobSizer& sizer) {
  FakeRun run(config, sizer);
  run.run();
  std::vector<bool> has_examples(static_cast<std::size_t>(config.partition.clients));
  for (std::size_t c = 0; c < has_examples.size(); ++c)
    has_examples[c] = sizer({{static_cast<std::uint32_t>(c)}, {1}}).examples > 0;
  actors::RunAudit audit(std::move(has_examples));
  for (const auto& event : run.events)
    audit.add(event);
  return audit.warnings(config);
}

}  // namespace

TEST_CASE("a sound run gives no warning") {
  auto config = tiny_config(4);
  config.stop.versions = 5;
  CHECK(warnings_of(config, sizes({1, 2, 3})).empty());
}

TEST_CASE("a run whose updates are all lost says so, and why") {
  auto config = tiny_config(4);
  config.aggregation.mode = "fedasync";
  config.availability.drop_probability = 1.0 - 1e-15;
  config.stop.versions = 5;
  const auto lines = warnings_of(config, sizes({1}));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("no update was ever applied") != std::string::npos);
  CHECK(lines[0].find("dropped_out") != std::string::npos);
}

TEST_CASE("clients that never come through are named") {
  auto config = tiny_config(5);
  config.clients.per_round = 4;
  config.clients.overcommit = 1.25;  // the slowest of five is always surplus
  config.stop.versions = 10;
  const auto lines = warnings_of(config, sizes({1, 2, 3, 4, 60}));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("1 of 5 clients") != std::string::npos);
  CHECK(lines[0].find("(4)") != std::string::npos);
}

TEST_CASE("clients without data are not among the starved ones") {
  auto config = tiny_config(6);
  config.clients.per_round = 4;
  config.clients.overcommit = 1.25;
  config.stop.versions = 10;
  const auto slow_last = sizes({1, 1, 2, 3, 4, 60});
  const auto lines = warnings_of(config, [&](sim::JobId job) {
    return job.client.value == 0 ? model::JobSize{} : slow_last(job);
  });
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("1 of 5 clients") != std::string::npos);
  CHECK(lines[0].find("(5)") != std::string::npos);
}

TEST_CASE("staleness that the weighting ignores is a warning") {
  auto config = tiny_config(10);
  config.aggregation.mode = "fedasync";
  config.aggregation.staleness = {"polynomial", 4.0, 0.0};
  config.clients.concurrency = 10;
  config.stop.versions = 100;
  const auto lines = warnings_of(config, sizes({1, 2, 3, 4, 5}));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("so stale") != std::string::npos);
}
