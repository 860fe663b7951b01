#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "actors/sim/client_set.hpp"
#include "actors/sim/event_queue.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/sim/timing.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"
#include "tests/actors/sim/predict.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;

namespace {

DeviceTier tier(std::string name, double share, double speed) {
  DeviceTier made;
  made.name = std::move(name);
  made.share = share;
  made.tokens_per_second = Distribution::constant(speed);
  return made;
}

std::map<std::size_t, std::size_t> tier_counts(const Fleet& fleet) {
  std::map<std::size_t, std::size_t> counts;
  for (std::uint32_t c = 0; c < fleet.clients(); ++c)
    ++counts[fleet.profile({c}).tier];
  return counts;
}

}  // namespace

TEST_CASE("ends of jobs come by time, then client, then seq") {
  EventQueue queue;
  queue.push({{20}, {{1}, {4}}});
  queue.push({{10}, {{2}, {3}}});
  queue.push({{10}, {{1}, {2}}});
  queue.push({{10}, {{1}, {1}}});
  std::vector<std::uint64_t> order;
  for (; !queue.empty(); queue.pop())
    order.push_back(queue.top().id.seq.value);
  CHECK(order == std::vector<std::uint64_t>{1, 2, 3, 4});
}

TEST_CASE("a client set behaves like a set") {
  CHECK(rc::check("insert, erase and contains agree with std::set", [] {
    ClientSet set(20);
    std::set<std::uint32_t> model;
    for (const auto c :
         *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 20))) {
      if (model.erase(c) > 0) {
        set.erase({c});
      } else {
        model.insert(c);
        set.insert({c});
      }
      std::set<std::uint32_t> members;
      for (const auto client : set.members())
        members.insert(client.value);
      RC_ASSERT(members == model);
      RC_ASSERT(set.size() == model.size());
      for (std::uint32_t i = 0; i < 20; ++i)
        RC_ASSERT(set.contains({i}) == model.contains(i));
    }
  }));
}

TEST_CASE("tiers hold their shares exactly") {
  DevicesConfig devices;
  devices.tiers = {tier("a", 0.5, 100), tier("b", 0.3, 10), tier("c", 0.2, 1)};
  CHECK(tier_counts(Fleet(devices, {}, 10, 1, 0.0)) ==
        std::map<std::size_t, std::size_t>{{0, 5}, {1, 3}, {2, 2}});
  // Quotas 3.5, 2.1, 1.4: the one that remains goes to the largest fraction.
  CHECK(tier_counts(Fleet(devices, {}, 7, 1, 0.0)) ==
        std::map<std::size_t, std::size_t>{{0, 4}, {1, 2}, {2, 1}});
}

TEST_CASE("the run seed says which clients are in which tier") {
  DevicesConfig devices;
  devices.tiers = {tier("fast", 0.5, 100), tier("slow", 0.5, 10)};
  const auto tiers = [&](std::uint64_t seed) {
    const Fleet fleet(devices, {}, 40, seed, 0.0);
    std::vector<std::size_t> all;
    for (std::uint32_t c = 0; c < 40; ++c)
      all.push_back(fleet.profile({c}).tier);
    return all;
  };
  CHECK(tiers(1) == tiers(1));
  CHECK(tiers(1) != tiers(2));
}

TEST_CASE("the same devices can be dealt so that the slow ones have the large measures") {
  sim::DevicesConfig devices;
  devices.tiers = {{"any", 1.0, sim::Distribution::uniform(10.0, 1000.0)}};
  const sim::Fleet drawn(devices, {}, 6, 3, 0.0);
  sim::Fleet dealt = drawn;
  const std::vector<double> measure = {2, 9, 4, 4, 1, 7};
  dealt.deal_slow_to_large(measure);
  const auto speed = [](const sim::Fleet& fleet, std::uint32_t client) {
    return fleet.profile({client}).tokens_per_second;
  };
  std::vector<double> before;
  std::vector<double> after;
  for (std::uint32_t client = 0; client < 6; ++client) {
    before.push_back(speed(drawn, client));
    after.push_back(speed(dealt, client));
    for (std::uint32_t other = 0; other < 6; ++other) {
      if (measure[client] > measure[other]) CHECK(speed(dealt, client) < speed(dealt, other));
    }
  }
  CHECK(speed(dealt, 2) < speed(dealt, 3));  // equal: the earlier one is slower
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  CHECK(before == after);
}

TEST_CASE("teraflops become tokens a second, and a tier's link replaces the network's") {
  DevicesConfig devices;
  DeviceTier phone = tier("phone", 1.0, 1.0);
  phone.teraflops = 0.5;
  phone.download_mbps = 7.0;
  devices.tiers = {phone};
  NetworkConfig network;
  network.download_mbps = Distribution::constant(1.0);
  network.upload_mbps = Distribution::constant(3.0);
  network.latency_seconds = Distribution::constant(0.25);
  const Fleet fleet(devices, network, 2, 1, 1e9);
  CHECK(fleet.profile({1}) == DeviceProfile{0, 500.0, 7.0, 3.0, 0.25});
  CHECK(fleet.tier_names() == std::vector<std::string>{"phone"});
  CHECK_THROWS_AS(Fleet(devices, network, 2, 1, 0.0), InputError);
}

TEST_CASE("without tiers all devices make 500 tokens a second") {
  CHECK(Fleet({}, {}, 3, 1, 0.0).profile({2}).tokens_per_second == 500.0);
}

TEST_CASE("devices that cannot work are refused") {
  DevicesConfig devices;
  NetworkConfig network;
  devices.tiers = {tier("still", 1.0, 0.0)};
  CHECK_THROWS_AS(Fleet(devices, network, 2, 1, 0.0), InputError);
  devices.tiers = {tier("none", 0.0, 1.0)};
  CHECK_THROWS_AS(Fleet(devices, network, 2, 1, 0.0), InputError);
  devices.tiers = {tier("less", -1.0, 1.0)};
  CHECK_THROWS_AS(Fleet(devices, network, 2, 1, 0.0), InputError);
  devices.tiers.clear();
  network.upload_mbps = Distribution::uniform(-2.0, -1.0);
  CHECK_THROWS_AS(Fleet(devices, network, 2, 1, 0.0), InputError);
  network.upload_mbps = Distribution::constant(1.0);
  network.latency_seconds = Distribution::constant(-0.1);
  CHECK_THROWS_AS(Fleet(devices, network, 2, 1, 0.0), InputError);
}

TEST_CASE("a job's times follow the formulas") {
  const DeviceProfile profile{0, 50.0, 8.0, 4.0, 0.1};
  DevicesConfig devices;
  devices.startup_seconds = 0.5;
  devices.jitter = Distribution::constant(2.0);
  const auto timing =
      tests::predict(profile, devices, {}, 1, {{{3}, {9}}, 100, 1'000'000, 500'000});
  CHECK(timing.down.microseconds == 1'100'000);     // 0.1 + 8e6 bits / 8e6
  CHECK(timing.compute.microseconds == 4'500'000);  // 0.5 + 100 / 50 * 2
  CHECK(timing.up.microseconds == 1'100'000);       // 0.1 + 4e6 bits / 4e6
  CHECK(timing.end.microseconds == 6'700'000);
  CHECK(!timing.lost);
}

TEST_CASE("no duration is zero, and none overflows") {
  const DeviceProfile profile{0, 1e12, 1e12, 1e12, 0.0};
  const auto shortest = tests::predict(profile, {}, {}, 1, {{{0}, {1}}, 0, 0, 0});
  CHECK(shortest.end.microseconds == 3);
  DevicesConfig endless;
  endless.jitter = Distribution::constant(std::numeric_limits<double>::infinity());
  const auto longest =
      tests::predict({0, 1e-300, 1.0, 1.0, 0.0}, endless, {}, 1, {{{0}, {1}}, 1000, 0, 0});
  CHECK(longest.compute.microseconds == 1'000'000'000'000'000);
}

TEST_CASE("jitter and losses depend on seed, client and seq") {
  const DeviceProfile profile{0, 1.0, 1.0, 1.0, 0.0};
  DevicesConfig devices;
  devices.jitter = Distribution::lognormal(1.0, 0.5);
  const auto compute = [&](std::uint64_t seed, std::uint32_t client, std::uint64_t seq) {
    return tests::predict(profile, devices, {}, seed, {{{client}, {seq}}, 100, 1, 1}).compute;
  };
  CHECK(compute(1, 2, 3) == compute(1, 2, 3));
  CHECK(compute(1, 2, 3) != compute(2, 2, 3));
  CHECK(compute(1, 2, 3) != compute(1, 3, 3));
  CHECK(compute(1, 2, 3) != compute(1, 2, 4));
}

TEST_CASE("losses come as often as asked, at random points of the job") {
  const DeviceProfile profile{0, 1.0, 1.0, 1.0, 0.0};
  AvailabilityConfig availability;
  availability.drop_probability = 0.25;
  int lost = 0;
  double where = 0.0;
  constexpr int kJobs = 20000;
  for (std::uint64_t seq = 1; seq <= kJobs; ++seq) {
    const auto timing = tests::predict(profile, {}, availability, 1, {{{7}, {seq}}, 100, 1, 1});
    REQUIRE(timing.end.microseconds >= 1);
    REQUIRE(timing.end <= timing.total());
    if (!timing.lost) continue;
    ++lost;
    where += timing.end.seconds() / timing.total().seconds();
  }
  CHECK(lost == doctest::Approx(0.25 * kJobs).epsilon(0.05));
  CHECK(where / lost == doctest::Approx(0.5).epsilon(0.05));
}
