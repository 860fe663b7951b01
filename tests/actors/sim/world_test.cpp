#include "actors/sim/world.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/actors/sim/made_world.hpp"
#include "tests/actors/sim/predict.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;
using doctest::Approx;
using tests::at_seconds;
using tests::Changes;
using tests::load_of;

namespace {

/// Online in [0, 10) and [20, 30), ...
tests::PlainWorld ten_of_twenty(const char* leaving) {
  tests::PlainWorld plain;
  plain.availability.model = "daily";
  plain.availability.day_seconds = 20.0;
  plain.availability.online_share = 0.5;
  plain.availability.window_start_seconds = Distribution::constant(0.0);
  plain.availability.leaving = leaving;
  return plain;
}

}  // namespace

TEST_CASE("without the other models a world prices jobs as the plain formulas do") {
  CHECK(rc::check("World::predict is tests::predict", [] {
    DevicesConfig devices;
    NetworkConfig network;
    AvailabilityConfig availability;
    DeviceTier tier;
    tier.tokens_per_second = Distribution::lognormal(50.0, 1.0);
    devices.tiers = {tier};
    devices.jitter = *rc::gen::element(Distribution::constant(1.0), Distribution::pareto(1.0, 1.2),
                                       Distribution::lognormal(1.0, 0.5));
    devices.startup_seconds = *rc::gen::inRange(0, 3);
    network.download_mbps = Distribution::uniform(1.0, 100.0);
    availability.drop_probability = *rc::gen::element(0.0, 0.3, 1.0);
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    World world(devices, network, availability, 10, seed, 0.0);
    const Fleet fleet(devices, network, 10, seed, 0.0);
    RC_ASSERT(!world.next_change());
    VirtualTime now;
    for (std::uint64_t seq = 1; seq <= 20; ++seq) {
      now = now + VirtualDuration{*rc::gen::inRange(0, 1'000'000'000)};
      world.advance(now, [](ClientId, bool) { RC_FAIL("somebody came or went"); });
      const JobLoad load{{{*rc::gen::inRange<std::uint32_t>(0, 10)}, {seq}},
                         *rc::gen::inRange<std::int64_t>(0, 100'000),
                         *rc::gen::inRange<std::int64_t>(0, 10'000'000),
                         *rc::gen::inRange<std::int64_t>(0, 10'000'000)};
      const auto expected =
          tests::predict(fleet.profile(load.id.client), devices, availability, seed, load);
      const auto got = world.predict(load, now);
      RC_ASSERT(world.online(load.id.client));
      RC_ASSERT(got.down == expected.down);
      RC_ASSERT(got.compute == expected.compute);
      RC_ASSERT(got.up == expected.up);
      RC_ASSERT(got.end == expected.end);
      RC_ASSERT(got.lost == expected.lost);
      RC_ASSERT(got.reason == (got.lost ? LossReason::dropped_out : LossReason::none));
      RC_ASSERT(got.waited == VirtualDuration{});
      const JobUsage used = world.usage(load, got, now, now + got.end);
      RC_ASSERT(used.joules == 0.0);
      RC_ASSERT(used.cost == 0.0);
    }
    RC_ASSERT(world.save() == WorldState{});
  }));
}

TEST_CASE("a job whose client leaves is lost at that moment, or waits for it") {
  World losing = ten_of_twenty("lose").make(1);
  const JobTiming lost = losing.predict(load_of(0, 1, 3.0, 6.0, 3.0), {});
  CHECK(lost.lost);
  CHECK(lost.reason == LossReason::went_offline);
  CHECK(lost.end.seconds() == 10.0);
  CHECK(lost.total().seconds() == 12.0);
  CHECK(!losing.predict(load_of(0, 2, 3.0, 6.0, 1.0), {}).lost);  // ends as the client leaves

  World pausing = ten_of_twenty("pause").make(1);
  const JobTiming kept = pausing.predict(load_of(0, 1, 3.0, 6.0, 3.0), {});
  CHECK(!kept.lost);
  CHECK(kept.down.seconds() == 3.0);
  CHECK(kept.compute.seconds() == 6.0);
  CHECK(kept.up.seconds() == 13.0);
  CHECK(kept.end.seconds() == 22.0);
}

TEST_CASE("a paused job is lost when its client never returns") {
  const tests::TemporaryFolder folder;
  write_file(folder / "trace.csv", "client,start_seconds,end_seconds\n0,0,5\n0,8,11\n");
  tests::PlainWorld plain;
  plain.availability.model = "file";
  plain.availability.file = folder / "trace.csv";
  plain.availability.leaving = "pause";
  World world = plain.make(2);
  CHECK(world.online({0}));
  CHECK(!world.online({1}));
  CHECK(!world.online_from({1}, at_seconds(1e8)));
  CHECK(world.predict(load_of(0, 1, 1.0, 6.0, 1.0), {}).end.seconds() == 11.0);
  const JobTiming lost = world.predict(load_of(0, 2, 1.0, 6.0, 2.0), {});
  CHECK(lost.reason == LossReason::went_offline);
  CHECK(lost.end.seconds() == 11.0);
  Changes changes;
  tests::advance_by_changes(world, at_seconds(99.0), changes);
  CHECK(changes == Changes{{5'000'000, 0, false}, {8'000'000, 0, true}, {11'000'000, 0, false}});
  CHECK(!world.next_change());
}

TEST_CASE("crashes come with the rate of an hour's computing") {
  tests::PlainWorld plain;
  plain.availability.crash_rate_per_hour = 36.0;  // every 100 s
  World world = plain.make(1);
  constexpr int kJobs = 20'000;
  int crashed = 0;
  double where = 0.0;
  for (std::uint64_t seq = 1; seq <= kJobs; ++seq) {
    const JobTiming timing = world.predict(load_of(0, seq, 5.0, 50.0, 5.0), {});
    if (!timing.lost) continue;
    REQUIRE(timing.reason == LossReason::crashed);
    REQUIRE(timing.end.seconds() >= 5.0);
    REQUIRE(timing.end.seconds() <= 55.0);
    ++crashed;
    where += timing.end.seconds() - 5.0;
  }
  const double expected = 1.0 - std::exp(-0.5);
  CHECK(crashed == Approx(expected * kJobs).epsilon(0.03));  // deviation 0.9 %
  // Mean of Exp(100) below 50: 100 - 50 / (e^0.5 - 1).
  CHECK(where / crashed == Approx(100.0 - 50.0 / (std::exp(0.5) - 1.0)).epsilon(0.03));
}

TEST_CASE("one long step makes the same calls as many short ones") {
  CHECK(rc::check("the calls of advance, and who is online then", [] {
    const auto plain = tests::random_world();
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    World one = plain.make(12, seed);
    World many = plain.make(12, seed);
    World exact = plain.make(12, seed);
    std::vector<std::pair<std::uint32_t, bool>> long_step;
    one.advance(at_seconds(100.0), [&](ClientId client, bool online) {
      long_step.emplace_back(client.value, online);
    });
    std::vector<std::pair<std::uint32_t, bool>> short_steps;
    while (many.now() < at_seconds(100.0)) {
      const VirtualDuration step{*rc::gen::inRange(300'000, 20'000'000)};
      many.advance(std::min(many.now() + step, at_seconds(100.0)),
                   [&](ClientId client, bool online) {
                     RC_ASSERT(many.online(client) == online);
                     short_steps.emplace_back(client.value, online);
                   });
    }
    RC_ASSERT(long_step == short_steps);
    Changes timed;
    tests::advance_by_changes(exact, at_seconds(100.0), timed);
    RC_ASSERT(timed.size() == long_step.size());
    for (std::size_t i = 0; i < timed.size(); ++i) {
      RC_ASSERT(long_step[i] == std::pair(std::get<1>(timed[i]), std::get<2>(timed[i])));
      if (i > 0) {
        RC_ASSERT(std::pair(std::get<0>(timed[i - 1]), std::get<1>(timed[i - 1])) <
                  std::pair(std::get<0>(timed[i]), std::get<1>(timed[i])));
      }
    }
    for (std::uint32_t c = 0; c < 12; ++c)
      RC_ASSERT(one.online({c}) == many.online({c}));
    RC_ASSERT(one.next_change() == many.next_change());
    for (std::uint32_t c = 0; c < 12; ++c) {
      const JobLoad load = load_of(c, 7 + c, 1.0, 5.0, 1.0);
      RC_ASSERT(one.predict(load, one.now()).end == many.predict(load, many.now()).end);
    }
  }));
}

TEST_CASE("what a job is told agrees with what happens to its client") {
  CHECK(rc::check("losses and arrivals against the changes of a second world", [] {
    auto plain = tests::random_world();
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    World world = plain.make(6, seed);
    World watch = plain.make(6, seed);
    const VirtualTime start{*rc::gen::inRange(0, 60'000'000)};
    world.advance(start, {});
    watch.advance(start, {});
    const auto client = *rc::gen::inRange<std::uint32_t>(0, 6);
    const JobLoad load = load_of(client, *rc::gen::inRange<std::uint64_t>(1, 1000), 1.0,
                                 *rc::gen::inRange(1, 20), 1.0);
    const bool online = world.online({client});
    const JobTiming timing = world.predict(load, start);
    const VirtualTime end = start + timing.end;
    RC_ASSERT(timing.end.microseconds >= 1);
    RC_ASSERT(timing.lost == (timing.reason != LossReason::none));
    if (!online) {
      RC_ASSERT(timing.lost);
      return;
    }
    if (!timing.lost) RC_ASSERT(timing.end == timing.total());
    const bool loses = plain.availability.leaving == "lose";
    // Who leaves in [start, end) is not there when the job ends, unless it may pause.
    std::int64_t first_leave = -1;
    std::int64_t away = 0;
    std::int64_t left_at = -1;
    while (watch.next_change() && *watch.next_change() < end) {
      const VirtualTime next = *watch.next_change();
      watch.advance(next, [&](ClientId who, bool now_online) {
        if (who.value != client) return;
        if (!now_online && first_leave < 0) first_leave = next.microseconds;
        if (!now_online) left_at = next.microseconds;
        if (now_online) away += next.microseconds - left_at;
      });
    }
    if (loses) RC_ASSERT(first_leave < 0);
    if (!timing.lost && plain.availability.outages.empty()) {
      const VirtualTime last{end.microseconds - 1};
      RC_ASSERT(last >= watch.now());
      watch.advance(last, {});
      RC_ASSERT(watch.online({client}));
      const JobWork work =
          job_work(world.profile({client}), world.devices(), world.network(), seed, load);
      if (plain.devices.slow_down.mean_between_seconds == 0.0) {
        RC_ASSERT(timing.total().microseconds - away ==
                  (work.total() + timing.waited).microseconds);
      } else {
        RC_ASSERT(timing.total().microseconds - away >=
                  (work.total() + timing.waited).microseconds - 1);
      }
    }
    if (timing.reason == LossReason::went_offline || timing.reason == LossReason::outage) {
      bool leaves = false;
      watch.advance(end, [&](ClientId who, bool now_online) {
        leaves = leaves || (who.value == client && !now_online);
      });
      RC_ASSERT(leaves || !loses);
    }
  }));
}

TEST_CASE("Markov clients are online for mean_up / (mean_up + mean_down) of a long run") {
  tests::PlainWorld plain;
  plain.availability.model = "markov";
  plain.availability.mean_up_seconds = 20.0;
  plain.availability.mean_down_seconds = 60.0;
  World world = plain.make(200);
  std::int64_t online = 0;
  constexpr int kLooks = 500;
  for (int look = 0; look < kLooks; ++look) {
    world.advance(at_seconds(look * 40.0), {});
    for (std::uint32_t c = 0; c < 200; ++c)
      online += world.online({c}) ? 1 : 0;
  }
  // 100,000 looks at states that are nearly independent: deviation 0.7 % or less.
  CHECK(static_cast<double>(online) / (200.0 * kLooks) == Approx(0.25).epsilon(0.03));
}

TEST_CASE("worlds that make no sense are refused") {
  const auto refused = [](auto change) {
    tests::PlainWorld plain;
    change(plain);
    CHECK_THROWS_AS(plain.make(2), InputError);
  };
  refused([](auto& p) { p.availability.leaving = "stay"; });
  refused([](auto& p) { p.availability.crash_rate_per_hour = -1.0; });
  refused([](auto& p) { p.network.server_upload_mbps = -1.0; });
  refused([](auto& p) { p.devices.slow_down = {1.0, 1.0, 0.5}; });
  refused([](auto& p) { p.devices.slow_down = {-1.0, 1.0, 2.0}; });
  refused([](auto& p) { p.availability.model = "file", p.availability.file = "/no/such/file"; });
}
