#include "actors/sim/usage.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "actors/sim/world.hpp"
#include "tests/actors/sim/made_world.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;
using doctest::Approx;
using tests::at_seconds;
using tests::load_of;

namespace {

/// 5 W, 0.01 a second, 0.1 a MB.
tests::PlainWorld priced() {
  tests::PlainWorld plain;
  plain.devices.tiers[0].watts = 5.0;
  plain.devices.tiers[0].cost_per_hour = 36.0;
  plain.network.cost_per_gb = 100.0;
  return plain;
}

/// Of a job dispatched at 0.
JobUsage usage_at(World& world, const JobLoad& load, double seconds) {
  const JobTiming timing = world.predict(load, {});
  return world.usage(load, timing, {}, at_seconds(seconds));
}

/// Until its own end.
JobUsage whole_usage(World& world, const JobLoad& load) {
  const JobTiming timing = world.predict(load, {});
  return world.usage(load, timing, {}, VirtualTime{} + timing.end);
}

}  // namespace

TEST_CASE("a job comes to what it has done, in whichever phase it ends") {
  World world = priced().make(1);
  const JobLoad load = load_of(0, 1, 2.0, 10.0, 4.0);
  const JobUsage nothing = usage_at(world, load, 0.0);
  CHECK(nothing == JobUsage{});

  const JobUsage down = usage_at(world, load, 0.5);
  CHECK(down.phase == JobPhase::download);
  CHECK(down.busy.seconds() == 0.5);
  CHECK(down.bytes_down == 500'000);
  CHECK(down.bytes_up == 0);
  CHECK(down.joules == 0.0);
  CHECK(down.cost == Approx(0.005 + 0.05));

  const JobUsage computing = usage_at(world, load, 9.0);
  CHECK(computing.phase == JobPhase::compute);
  CHECK(computing.computing.seconds() == 7.0);
  CHECK(computing.bytes_down == 2'000'000);
  CHECK(computing.joules == Approx(35.0));
  CHECK(computing.cost == Approx(0.09 + 0.2));

  const JobUsage up = usage_at(world, load, 13.0);
  CHECK(up.phase == JobPhase::upload);
  CHECK(up.computing.seconds() == 10.0);
  CHECK(up.bytes_up == 1'000'000);
  CHECK(up.joules == Approx(50.0));
  CHECK(up.cost == Approx(0.13 + 0.2 + 0.1));

  const JobUsage whole = usage_at(world, load, 1000.0);
  CHECK(whole.phase == JobPhase::complete);
  CHECK(whole.busy.seconds() == 16.0);
  CHECK(whole.bytes_up == 4'000'000);
  CHECK(whole.cost == Approx(0.16 + 0.2 + 0.4));
}

TEST_CASE("what ends at the very moment has ended") {
  World world = priced().make(1);
  const JobLoad load = load_of(0, 1, 2.0, 10.0, 4.0);
  CHECK(usage_at(world, load, 2.0).phase == JobPhase::compute);
  CHECK(usage_at(world, load, 2.0).bytes_down == 2'000'000);
  CHECK(usage_at(world, load, 2.0 - 1e-6).bytes_down == 1'999'999);
  CHECK(usage_at(world, load, 12.0).phase == JobPhase::upload);
  CHECK(usage_at(world, load, 16.0).phase == JobPhase::complete);
  CHECK(usage_at(world, load, 16.0) == usage_at(world, load, 17.0));
}

TEST_CASE("a job that is lost has cost what it used until then") {
  auto plain = priced();
  plain.availability.outages.resize(1);
  auto& outage = plain.availability.outages[0];
  outage.duration_seconds = 1.0;
  const auto price = [&](double lost_at) {
    outage.start_seconds = lost_at;
    World world = plain.make(1);
    return whole_usage(world, load_of(0, 1, 2.0, 10.0, 4.0));
  };
  CHECK(price(1.0).joules == 0.0);
  CHECK(price(1.0).cost == Approx(0.01 + 0.1));  // half of the download
  CHECK(price(9.0).joules == Approx(35.0));
  CHECK(price(9.0).cost == Approx(0.09 + 0.2));
  CHECK(price(13.0).joules == Approx(50.0));
  CHECK(price(13.0).cost == Approx(0.13 + 0.2 + 0.1));
  CHECK(price(16.0).phase == JobPhase::complete);
}

TEST_CASE("pauses cost nothing, and who is paused is busy") {
  auto plain = priced();
  plain.network.cost_per_gb = 0.0;
  plain.availability.model = "daily";  // online in [0, 10) and [20, 30), ...
  plain.availability.day_seconds = 20.0;
  plain.availability.online_share = 0.5;
  plain.availability.window_start_seconds = Distribution::constant(0.0);
  plain.availability.leaving = "pause";
  World world = plain.make(1);
  const JobLoad load = load_of(0, 1, 2.0, 11.0, 1.0);
  const JobUsage kept = whole_usage(world, load);
  CHECK(kept.busy.seconds() == 24.0);
  CHECK(kept.joules == Approx(55.0));
  CHECK(kept.cost == Approx(0.14));
  const JobUsage paused = usage_at(world, load, 15.0);
  CHECK(paused.phase == JobPhase::compute);
  CHECK(paused.busy.seconds() == 15.0);
  CHECK(paused.computing.seconds() == 8.0);
  plain.availability.outages.resize(1);
  plain.availability.outages[0].start_seconds = 21.0;
  plain.availability.outages[0].duration_seconds = 1.0;
  World hit = plain.make(1);
  const JobUsage lost = whole_usage(hit, load);
  CHECK(lost.joules == Approx(45.0));
  CHECK(lost.cost == Approx(0.11));
}

TEST_CASE("waiting for the uplink is no transfer") {
  auto plain = priced();
  plain.devices.tiers[0].cost_per_hour = 0.0;
  plain.network.server_upload_mbps = 8.0;
  World world = plain.make(2);
  (void)world.predict(load_of(0, 1, 4.0, 1.0, 1.0), {});
  const JobLoad second = load_of(1, 2, 4.0, 1.0, 1.0);
  const JobTiming timing = world.predict(second, {});
  CHECK(timing.waited.seconds() == 4.0);
  CHECK(world.usage(second, timing, {}, at_seconds(3.0)).bytes_down == 0);
  CHECK(world.usage(second, timing, {}, at_seconds(3.0)).busy.seconds() == 3.0);
  CHECK(world.usage(second, timing, {}, at_seconds(5.0)).bytes_down == 1'000'000);
  CHECK(world.usage(second, timing, {}, at_seconds(5.0)).cost == Approx(0.1));
}

TEST_CASE("a job for a client that is not there comes to nothing") {
  auto plain = priced();
  plain.availability.outages.resize(1);
  plain.availability.outages[0].duration_seconds = 9.0;
  World world = plain.make(1);
  world.advance({}, {});
  CHECK(whole_usage(world, load_of(0, 1, 1.0, 1.0, 1.0)) == JobUsage{});
}

TEST_CASE("a client that leaves for good in its download has not got it") {
  auto plain = priced();
  plain.availability.model = "daily";
  plain.availability.day_seconds = 1e9;  // longer away than a job waits
  plain.availability.online_share = 1e-9;
  plain.availability.window_start_seconds = Distribution::constant(0.0);
  plain.availability.leaving = "pause";
  World world = plain.make(1);
  const JobLoad load = load_of(0, 1, 4.0, 1.0, 1.0);
  const JobTiming timing = world.predict(load, {});
  REQUIRE(timing.reason == LossReason::went_offline);
  REQUIRE(timing.end.seconds() == 1.0);
  const JobUsage used = world.usage(load, timing, {}, at_seconds(1.0));
  CHECK(used.phase == JobPhase::download);
  CHECK(used.bytes_down == 1'000'000);
}

TEST_CASE("usage grows with time, one phase after the other, and not beyond the job") {
  CHECK(rc::check("in random worlds", [] {
    const auto plain = tests::random_world();
    World world = plain.make(4, *rc::gen::arbitrary<std::uint64_t>());
    const VirtualTime start{*rc::gen::inRange(0, 40'000'000)};
    world.advance(start, {});
    const JobLoad load = load_of(*rc::gen::inRange<std::uint32_t>(0, 4), 5, *rc::gen::inRange(0, 4),
                                 *rc::gen::inRange(1, 20), *rc::gen::inRange(0, 4));
    const JobTiming timing = world.predict(load, start);
    const VirtualTime end = start + timing.end;
    JobUsage before;
    VirtualTime at = start;
    while (at < end) {
      at = std::min(at + VirtualDuration{*rc::gen::inRange(1, 4'000'000)}, end);
      const JobUsage used = world.usage(load, timing, start, at);
      if (timing.absent) {
        RC_ASSERT(used == JobUsage{});
        return;
      }
      RC_ASSERT(used.busy == at - start);
      RC_ASSERT(used.phase >= before.phase);
      RC_ASSERT(used.computing >= before.computing);
      RC_ASSERT(used.bytes_down >= before.bytes_down);
      RC_ASSERT(used.bytes_up >= before.bytes_up);
      RC_ASSERT(used.joules >= before.joules);
      RC_ASSERT(used.cost >= before.cost);
      RC_ASSERT(used.computing <= timing.compute);
      RC_ASSERT(used.joules == 10.0 * used.computing.seconds());
      RC_ASSERT(used.phase == JobPhase::download || used.bytes_down == load.bytes_down);
      RC_ASSERT(used.phase != JobPhase::download || used.computing == VirtualDuration{});
      RC_ASSERT(used.phase >= JobPhase::upload || used.bytes_up == 0);
      RC_ASSERT(used.phase != JobPhase::complete || used.bytes_up == load.bytes_up);
      before = used;
    }
    RC_ASSERT(before == world.usage(load, timing, start, end + VirtualDuration{1'000'000}));
    RC_ASSERT((before.phase == JobPhase::complete) == (timing.end >= timing.total()));
  }));
}
