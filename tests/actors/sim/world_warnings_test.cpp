#include "actors/sim/world_warnings.hpp"

#include <doctest/doctest.h>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/actors/sim/made_world.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;
using tests::load_of;
using Lines = std::vector<std::string>;

namespace {

/// Jobs of different lengths, so that nothing is to be said of them.
std::vector<JobLoad> unequal_jobs(std::uint32_t clients, double seconds = 2.0) {
  std::vector<JobLoad> loads;
  for (std::uint32_t c = 0; c < clients; ++c)
    loads.push_back(load_of(c, 1, 1.0, seconds + c, 1.0));
  return loads;
}

Lines warnings(const tests::PlainWorld& plain, const std::vector<JobLoad>& loads,
               double horizon = 0.0) {
  return world_warnings(plain.make(loads.size()), loads, VirtualDuration::from_seconds(horizon));
}

}  // namespace

TEST_CASE("a sound world gives no warning") {
  CHECK(warnings({}, unequal_jobs(4)).empty());
}

TEST_CASE("equal compute times are no heterogeneity, unless something varies") {
  tests::PlainWorld plain;
  const std::vector<JobLoad> equal = {load_of(0, 1, 1.0, 2.0, 1.0), load_of(1, 1, 1.0, 2.0, 1.0)};
  CHECK(warnings(plain, equal) ==
        Lines{"every job of every client computes for 2 s: there are no stragglers; give devices "
              "other speeds, or a jitter"});
  CHECK(warnings(plain, {equal[0]}).empty());
  plain.devices.jitter = Distribution::lognormal(1.0, 0.2);
  CHECK(warnings(plain, equal).empty());
  plain.devices.jitter = Distribution::constant(1.0);
  plain.devices.slow_down.mean_between_seconds = 100.0;
  CHECK(warnings(plain, equal).empty());
}

TEST_CASE("times that are nearly nothing are named") {
  tests::PlainWorld plain;
  plain.devices.tiers[0].tokens_per_second = Distribution::constant(1e9);
  plain.network.download_mbps = Distribution::constant(1e9);
  plain.network.upload_mbps = Distribution::constant(1e9);
  CHECK(
      warnings(plain, unequal_jobs(2)) ==
      Lines{"no job computes for more than 1e-06 s: devices are too fast for their speed to matter",
            "no job is on the network for more than 2e-06 s: transfers take no time"});
}

TEST_CASE("clients that are never there are counted, and rows of others") {
  const tests::TemporaryFolder folder;
  write_file(folder / "trace.csv", "client,start_seconds,end_seconds\n1,50,60\n7,0,1\n7,2,3\n");
  tests::PlainWorld plain;
  plain.availability.model = "file";
  plain.availability.leaving = "pause";
  plain.availability.file = folder / "trace.csv";
  const std::string beyond =
      "2 rows of availability.file are of clients that the run does not have (it has 0 to 6)";
  CHECK(warnings(plain, unequal_jobs(7)) ==
        Lines{"6 of 7 clients (0, 2, 3, 4, 5, ...) are not online at any time",
              "nobody is online in the first 50 s", beyond});
  CHECK(warnings(plain, unequal_jobs(7), 50.0) ==
        Lines{"no client is online in the 50 s of the run", beyond});
}

TEST_CASE("an outage that lasts as long as the run is noticed") {
  tests::PlainWorld plain;
  plain.availability.outages.resize(1);
  plain.availability.outages[0].duration_seconds = 100.0;
  CHECK(warnings(plain, unequal_jobs(2), 100.0) ==
        Lines{"no client is online in the 100 s of the run"});
  CHECK(warnings(plain, unequal_jobs(2), 101.0) == Lines{"nobody is online in the first 100 s"});
  plain.availability.outages[0].share = 0.5;
  CHECK(warnings(plain, unequal_jobs(4), 100.0).size() == 1);
}

TEST_CASE("jobs that do not fit into their clients' stays are named") {
  tests::PlainWorld plain;
  plain.availability.model = "daily";
  plain.availability.day_seconds = 100.0;
  plain.availability.online_share = 0.2;
  plain.availability.window_start_seconds = Distribution::constant(0.0);
  // 19 s, 20 s, 21 s
  CHECK(warnings(plain, unequal_jobs(3, 17.0)) ==
        Lines{"the jobs of 1 of 3 clients (2) take longer than 20 s, the daily window: they are "
              "lost, almost all, with availability.leaving = \"lose\""});
  plain.availability.leaving = "pause";
  CHECK(warnings(plain, unequal_jobs(3, 17.0)).empty());
  plain.availability.leaving = "lose";
  plain.availability.model = "markov";
  plain.availability.mean_up_seconds = 4.0;
  plain.availability.mean_down_seconds = 0.001;
  const Lines found = warnings(plain, unequal_jobs(3, 17.0));
  REQUIRE(found.size() == 1);
  CHECK(found[0].starts_with("the jobs of 1 of 3 clients (2) take longer than 20 s, five times"));
}
