#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

#include "partition/support/error.hpp"
#include "tests/actors/sim/made_world.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;
using doctest::Approx;
using tests::at_seconds;
using tests::Changes;
using tests::load_of;

namespace {

OutageConfig planned(double start, double duration, double every = 0.0) {
  OutageConfig outage;
  outage.start_seconds = start;
  outage.duration_seconds = duration;
  outage.every_seconds = every;
  return outage;
}

std::set<std::uint32_t> hit_clients(const World& world) {
  std::set<std::uint32_t> hit;
  for (std::uint32_t c = 0; c < world.clients(); ++c) {
    if (!world.online({c})) hit.insert(c);
  }
  return hit;
}

Changes changes_until(World& world, double seconds) {
  Changes changes;
  tests::advance_by_changes(world, at_seconds(seconds), changes);
  return changes;
}

}  // namespace

TEST_CASE("a planned outage takes all clients away, and its jobs with them") {
  tests::PlainWorld plain;
  plain.availability.outages = {planned(10.0, 5.0)};
  World world = plain.make(2);
  CHECK(world.next_change() == at_seconds(10.0));
  const JobTiming lost = world.predict(load_of(0, 1, 1.0, 9.5, 1.0), {});
  CHECK(lost.lost);
  CHECK(lost.reason == LossReason::outage);
  CHECK(std::string(name(lost.reason)) == "outage");
  CHECK(lost.end.seconds() == 10.0);
  const JobTiming in_time = world.predict(load_of(1, 2, 1.0, 8.0, 1.0), {});
  CHECK(!in_time.lost);
  CHECK(in_time.end.seconds() == 10.0);
  CHECK(changes_until(world, 12.0) == Changes{{10'000'000, 0, false}, {10'000'000, 1, false}});
  CHECK(!world.online({0}));
  CHECK(world.online_from({0}, at_seconds(99.0)) == at_seconds(15.0));
  CHECK(!world.online_from({0}, at_seconds(15.0)));
  CHECK(changes_until(world, 99.0) == Changes{{15'000'000, 0, true}, {15'000'000, 1, true}});
  CHECK(!world.next_change());
}

TEST_CASE("an outage at time 0 holds from the start, and repeats") {
  tests::PlainWorld plain;
  plain.availability.outages = {planned(0.0, 5.0, 20.0)};
  World world = plain.make(1);
  CHECK(!world.online({0}));
  const JobTiming refused = world.predict(load_of(0, 1, 1.0, 1.0, 1.0), {});
  CHECK(refused.lost);
  CHECK(refused.reason == LossReason::outage);
  CHECK(refused.end.microseconds == 1);
  CHECK(changes_until(world, 46.0) == Changes{{5'000'000, 0, true},
                                              {20'000'000, 0, false},
                                              {25'000'000, 0, true},
                                              {40'000'000, 0, false},
                                              {45'000'000, 0, true}});
}

TEST_CASE("an outage loses jobs that leaving = pause would keep") {
  tests::PlainWorld plain;
  plain.availability.model = "daily";
  plain.availability.day_seconds = 20.0;
  plain.availability.online_share = 0.5;
  plain.availability.window_start_seconds = Distribution::constant(0.0);
  plain.availability.leaving = "pause";
  World paused = plain.make(1);
  // Online in [0, 10) and [20, 30).
  const JobTiming kept = paused.predict(load_of(0, 1, 1.0, 12.0, 1.0), {});
  CHECK(!kept.lost);
  CHECK(kept.end.seconds() == 24.0);
  CHECK(kept.compute.seconds() == 22.0);
  plain.availability.outages = {planned(15.0, 1.0)};
  const JobTiming lost = plain.make(1).predict(load_of(0, 1, 1.0, 12.0, 1.0), {});
  CHECK(lost.reason == LossReason::outage);
  CHECK(lost.end.seconds() == 15.0);
}

TEST_CASE("an outage hits the clients of a tier, or a fixed share of them") {
  tests::PlainWorld plain;
  plain.devices.tiers.resize(2, plain.devices.tiers[0]);
  plain.devices.tiers[0].name = "phone";
  plain.devices.tiers[1].name = "desk";
  plain.availability.outages = {planned(0.0, 5.0, 10.0)};
  plain.availability.outages[0].tier = "desk";
  const World desks = plain.make(40);
  for (std::uint32_t c = 0; c < 40; ++c)
    CHECK(desks.online({c}) == (desks.profile({c}).tier == 0));

  plain.availability.outages[0].share = 0.25;
  World some = plain.make(40);
  const auto hit = hit_clients(some);
  CHECK(hit.size() == 5);
  for (const auto client : hit)
    CHECK(some.profile({client}).tier == 1);
  some.advance(at_seconds(6.0), {});
  CHECK(hit_clients(some).empty());
  some.advance(at_seconds(11.0), {});
  CHECK(hit_clients(some) == hit);
  CHECK(hit_clients(plain.make(40, 2)) != hit);

  plain.availability.outages[0].share = 1e-9;
  CHECK(hit_clients(plain.make(40)).size() == 1);
}

TEST_CASE("two entries of the same share hit different clients") {
  tests::PlainWorld plain;
  plain.availability.outages = {planned(0.0, 5.0), planned(10.0, 5.0)};
  for (auto& outage : plain.availability.outages)
    outage.share = 0.5;
  World world = plain.make(60);
  const auto first = hit_clients(world);
  world.advance(at_seconds(12.0), {});
  CHECK(first.size() == 30);
  CHECK(hit_clients(world).size() == 30);
  CHECK(hit_clients(world) != first);
}

TEST_CASE("a random outage is common to its group, and as frequent as asked") {
  tests::PlainWorld plain;
  plain.availability.outages.resize(1);
  plain.availability.outages[0].mean_between_seconds = 30.0;
  plain.availability.outages[0].mean_seconds = 10.0;
  World world = plain.make(3);
  double down = 0.0;
  bool online = world.online({0});
  VirtualTime since;
  int outages = 0;
  while (*world.next_change() < at_seconds(100'000.0)) {
    const VirtualTime next = *world.next_change();
    if (!online) down += (next - since).seconds();
    if (!online) ++outages;
    std::vector<std::uint32_t> changed;
    world.advance(next, [&](ClientId client, bool now_online) {
      CHECK(now_online == !online);
      changed.push_back(client.value);
    });
    CHECK(changed == std::vector<std::uint32_t>{0, 1, 2});
    online = !online;
    since = next;
  }
  CHECK(down / 100'000.0 == Approx(0.25).epsilon(0.06));  // 2,500 outages: deviation 1.5 %
  CHECK(down / outages == Approx(10.0).epsilon(0.08));
}

TEST_CASE("overlapping outages end with the last of them") {
  tests::PlainWorld plain;
  plain.availability.outages = {planned(10.0, 10.0), planned(15.0, 10.0), planned(25.0, 5.0)};
  World world = plain.make(1);
  CHECK(world.online_from({0}, at_seconds(99.0)) == at_seconds(0.0));
  CHECK(changes_until(world, 99.0) == Changes{{10'000'000, 0, false}, {30'000'000, 0, true}});
}

TEST_CASE("who comes back in the moment of an outage's beginning is not mentioned") {
  tests::PlainWorld plain;
  plain.availability.model = "daily";
  plain.availability.day_seconds = 20.0;
  plain.availability.online_share = 0.5;
  plain.availability.window_start_seconds = Distribution::constant(5.0);
  plain.availability.outages = {planned(5.0, 3.0), planned(15.0, 3.0)};
  World world = plain.make(1);
  CHECK(changes_until(world, 30.0) ==
        Changes{{8'000'000, 0, true}, {15'000'000, 0, false}, {25'000'000, 0, true}});
}

TEST_CASE("outages that make no sense are refused") {
  const auto refused = [](OutageConfig outage, const char* what) {
    tests::PlainWorld plain;
    plain.devices.tiers[0].name = "phone";
    plain.availability.outages = {outage};
    CHECK_THROWS_WITH_AS(plain.make(2), what, InputError);
  };
  OutageConfig outage = planned(0.0, 5.0);
  outage.tier = "phon";
  refused(
      outage,
      "availability.outages.0: tier \"phon\" is not known; allowed: phone; did you mean phone?");
  refused(planned(0.0, 0.0), "availability.outages.0: duration_seconds must be above 0");
  refused(
      planned(0.0, 5.0, 5.0),
      "availability.outages.0: every_seconds must be 0 or above duration_seconds, or the outage "
      "never ends");
  outage = planned(0.0, 5.0);
  outage.share = 0.0;
  refused(outage, "availability.outages.0: share must be above 0, at most 1");
}
