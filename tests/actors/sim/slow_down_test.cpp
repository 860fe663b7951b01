#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <vector>

#include "actors/sim/course.hpp"
#include "tests/actors/sim/made_world.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;
using tests::at_seconds;
using tests::load_of;

namespace {

/// Periods of given lengths, in turn on and off; the last one lasts for ever.
class Given final : public Timeline {
 public:
  Given(bool on, std::vector<std::int64_t> lengths) : on_(on), lengths_(std::move(lengths)) {}
  [[nodiscard]] Period first(std::uint32_t) const override { return period({}, 0); }
  [[nodiscard]] Period after(std::uint32_t, const Period& period_) const override {
    return period(period_.until, period_.index + 1);
  }
  [[nodiscard]] bool state(std::int64_t microsecond) const {
    return at(0, first(0), {microsecond}).on;
  }

 private:
  [[nodiscard]] Period period(VirtualTime start, std::uint32_t index) const {
    const bool on = on_ == (index % 2 == 0);
    if (index >= lengths_.size()) return {kNever, index, on};
    return {{start.microseconds + lengths_[index]}, index, on};
  }
  bool on_;
  std::vector<std::int64_t> lengths_;
};

std::array<VirtualDuration, kPhases> phases(std::int64_t down, std::int64_t compute,
                                            std::int64_t up) {
  return {VirtualDuration{down}, VirtualDuration{compute}, VirtualDuration{up}};
}

Hindrances slowed(const Timeline& slow, double factor) {
  Hindrances met;
  met.slow = &slow;
  met.slow_period = slow.first(0);
  met.slow_factor = factor;
  return met;
}

Hindrances paused(const Timeline& online) {
  Hindrances met;
  met.online = &online;
  met.online_period = online.first(0);
  return met;
}

struct Steps {
  std::int64_t end = 0;
  std::int64_t active = 0;
};

/// Microsecond by microsecond, in float64: exact but for less than 1 us, by which computing ends
/// late.
Steps by_small_steps(const std::array<VirtualDuration, kPhases>& work, const Given* online,
                     const Given* slow, double factor, std::int64_t start) {
  Steps steps{start, 0};
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    double left = static_cast<double>(work[phase].microseconds);
    for (; left > 1e-6; ++steps.end) {
      if (online != nullptr && !online->state(steps.end)) continue;
      const bool slowed = phase == kComputePhase && slow != nullptr && slow->state(steps.end);
      left -= slowed ? 1.0 / factor : 1.0;
      ++steps.active;
    }
  }
  return steps;
}

std::vector<std::int64_t> random_lengths() {
  std::vector<std::int64_t> lengths(*rc::gen::inRange<std::size_t>(0, 20));
  for (auto& length : lengths)
    length = *rc::gen::inRange(1, 60);
  if (lengths.size() % 2 == 1) lengths.pop_back();  // ends as it began
  return lengths;
}

}  // namespace

TEST_CASE("an episode in the middle of a job stretches the part that it covers") {
  // Computes from 10 on. Slow, 4 times, in [20, 60): 10 us of work until 20, 10 in the episode (40
  // us), the other 30 after it.
  const Given slow(false, {20, 40, 1000});
  const Course course = follow(phases(10, 50, 5), {}, slowed(slow, 4.0));
  CHECK(course.done);
  CHECK(course.elapsed[0].microseconds == 10);
  CHECK(course.elapsed[1].microseconds == 80);
  CHECK(course.elapsed[2].microseconds == 5);
  CHECK(course.active == course.elapsed);
  CHECK(course.end.microseconds == 95);
}

TEST_CASE("transfers do not care for slow-downs") {
  const Given slow(true, {30});
  const Course course = follow(phases(30, 20, 7), {}, slowed(slow, 10.0));
  CHECK(course.end.microseconds == 57);
}

TEST_CASE("a job may end in an episode, begin in one, and cross several") {
  CHECK(follow(phases(1, 10, 1), {}, slowed(Given(true, {}), 3.0)).elapsed[1].microseconds == 30);
  // Work 1 in [1, 2), then episodes [2, 4), [5, 7): 2 us each at half speed.
  CHECK(follow(phases(1, 5, 1), {}, slowed(Given(false, {2, 2, 1, 2, 50}), 2.0))
            .elapsed[1]
            .microseconds == 7);
}

TEST_CASE("a pause stops everything, and its time is not active") {
  const Given online(true, {15, 100, 10, 50});
  const Course course = follow(phases(10, 12, 4), {}, paused(online));
  CHECK(course.done);
  CHECK(course.elapsed[1].microseconds == 112);
  CHECK(course.active[1].microseconds == 12);
  // Computing ends at 122, uploading goes on until 125 and from 175 to 176.
  CHECK(course.end.microseconds == 176);
  CHECK(course.active[2].microseconds == 4);
}

TEST_CASE("a job is stranded when its client left for good, or for too long") {
  const Course course = follow(phases(10, 12, 4), {}, paused(Given(true, {15})));
  CHECK(!course.done);
  CHECK(course.stranded);
  CHECK(course.end.microseconds == 15);
  CHECK(course.active[1].microseconds == 5);
  const Given away(true, {15, 2'000'000'000'000'000});
  CHECK(follow(phases(10, 12, 4), {}, paused(away)).stranded);
}

TEST_CASE("limits stop a job on its way") {
  const Given online(true, {15, 100});
  const Course stopped = follow(phases(10, 12, 4), {}, paused(online), {{50}});
  CHECK(!stopped.done);
  CHECK(!stopped.stranded);
  CHECK(stopped.end.microseconds == 50);
  CHECK(stopped.active[1].microseconds == 5);
  const Course crashed = follow(phases(10, 12, 4), {}, paused(online), {kNever, 7.0});
  CHECK(!crashed.done);
  CHECK(crashed.end.microseconds == 117);
}

TEST_CASE("integration over episodes and pauses agrees with small steps in float64") {
  CHECK(rc::check("the end differs by at most 1 us a phase", [] {
    const Given online(true, random_lengths());
    const Given slow(false, random_lengths());
    const bool pauses = *rc::gen::arbitrary<bool>();
    const bool slows = *rc::gen::arbitrary<bool>();
    const double factor = *rc::gen::element(1.5, 2.0, 3.7, 20.0);
    const auto work =
        phases(*rc::gen::inRange(1, 80), *rc::gen::inRange(1, 300), *rc::gen::inRange(1, 80));
    const std::int64_t start = *rc::gen::inRange(0, 100);
    Hindrances met;
    if (pauses) met = paused(online);
    if (slows) {
      met.slow = &slow;
      met.slow_period = slow.first(0);
      met.slow_factor = factor;
    }
    const Course course = follow(work, {start}, met);
    RC_ASSERT(course.done);
    const Steps expected =
        by_small_steps(work, pauses ? &online : nullptr, slows ? &slow : nullptr, factor, start);
    const std::int64_t late = expected.end - course.end.microseconds;
    const auto active = course.active[0] + course.active[1] + course.active[2];
    RC_ASSERT(expected.active - active.microseconds >= 0);
    RC_ASSERT(expected.active - active.microseconds <= (slows ? 1 : 0));
    // With both, a pause may fall into the microsecond by which the two differ.
    if (!(pauses && slows)) RC_ASSERT(late == expected.active - active.microseconds);
    if (!slows) RC_ASSERT(active == work[0] + work[1] + work[2]);
  }));
}

TEST_CASE("a world slows its clients down for mean_seconds / (mean_seconds + mean_between)") {
  tests::PlainWorld plain;
  plain.devices.slow_down = {30.0, 10.0, 5.0};
  World world = plain.make(1);
  // 1e6 seconds of work cross 17,000 episodes: on average 4 seconds take 4 / (3 + 1/5) as long.
  const JobTiming timing = world.predict(load_of(0, 1, 1.0, 1e6, 1.0), {});
  CHECK(timing.compute.seconds() == doctest::Approx(1.25e6).epsilon(0.02));
  // As long as all is in one episode or in none, a job takes its time or five times that.
  int slow = 0;
  for (std::uint64_t seq = 2; seq < 2002; ++seq) {
    const VirtualTime now = at_seconds(static_cast<double>(seq) * 100.0);
    world.advance(now, {});
    const double seconds =
        world.predict(load_of(0, seq, 0.001, 0.01, 0.001), now).compute.seconds();
    CHECK(seconds >= 0.01);
    CHECK(seconds <= 0.05);
    slow += seconds > 0.049 ? 1 : 0;
  }
  CHECK(slow == doctest::Approx(500).epsilon(0.15));  // deviation 20
}

TEST_CASE("episodes do not depend on the jobs that were there before") {
  tests::PlainWorld plain;
  plain.devices.slow_down = {3.0, 3.0, 7.0};
  World busy = plain.make(2);
  World idle = plain.make(2);
  for (std::uint64_t seq = 1; seq < 50; ++seq) {
    busy.advance(at_seconds(static_cast<double>(seq)), {});
    (void)busy.predict(load_of(1, seq, 1.0, 20.0, 1.0), busy.now());
  }
  busy.advance(at_seconds(60.0), {});
  idle.advance(at_seconds(60.0), {});
  CHECK(busy.predict(load_of(1, 99, 1.0, 9.0, 1.0), busy.now()).end ==
        idle.predict(load_of(1, 99, 1.0, 9.0, 1.0), idle.now()).end);
}
