#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <string>
#include <vector>

#include "actors/sim/availability.hpp"
#include "actors/sim/daily.hpp"
#include "actors/sim/time/alternating.hpp"
#include "actors/sim/time/regular.hpp"
#include "actors/sim/trace.hpp"
#include "partition/support/error.hpp"
#include "tests/actors/sim/made_world.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;
using doctest::Approx;
using tests::at_seconds;

namespace {

/// The beginnings of the periods until `end`, in seconds, as "+0 -5 +8": on at 0, off at 5, ...
std::string shape(const Timeline& timeline, std::uint32_t owner, double end) {
  std::string text;
  VirtualTime start;
  Period period = timeline.first(owner);
  while (start < at_seconds(end)) {
    if (!text.empty()) text += ' ';
    text += (period.on ? "+" : "-") + std::to_string(start.microseconds / 1'000'000);
    REQUIRE(period.until > start);
    start = period.until;
    if (start < kNever) period = timeline.after(owner, period);
  }
  return text;
}

std::string windows_refusal(const std::string& text, double repeat = 0.0) {
  try {
    (void)parse_trace("client,start_seconds,end_seconds\n" + text, "trace.csv", 4, repeat);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("exponential periods are on for mean_on / (mean_on + mean_off) of the time") {
  const Alternating timeline(5, Purpose::availability, 30.0, 10.0);
  constexpr std::uint32_t kOwners = 400;
  const VirtualTime end = at_seconds(10'000.0);
  int on_at_start = 0;
  double on = 0.0;
  double lengths = 0.0;
  int periods = 0;
  for (std::uint32_t owner = 0; owner < kOwners; ++owner) {
    Period period = timeline.first(owner);
    on_at_start += period.on ? 1 : 0;
    for (VirtualTime start; start < end; period = timeline.after(owner, period)) {
      const double length = (std::min(period.until, end) - start).seconds();
      if (period.on) on += length;
      if (period.on && period.index > 0 && period.until < end) {
        lengths += length;
        ++periods;
      }
      start = period.until;
    }
  }
  // About 250 periods for each of 400 owners: the relative deviation is below 0.4 % (1 sigma).
  CHECK(on / (kOwners * 10'000.0) == Approx(0.75).epsilon(0.01));
  CHECK(lengths / periods == Approx(30.0).epsilon(0.02));
  // Stationary from the start: 300 of 400 with a deviation of 8.7.
  CHECK(on_at_start == Approx(300).epsilon(0.1));
}

TEST_CASE("periods are a function of seed, purpose, owner and their number") {
  const auto first_end = [](std::uint64_t seed, Purpose purpose, std::uint32_t owner) {
    return Alternating(seed, purpose, 30.0, 30.0).first(owner).until;
  };
  CHECK(first_end(1, Purpose::availability, 3) == first_end(1, Purpose::availability, 3));
  CHECK(first_end(1, Purpose::availability, 3) != first_end(2, Purpose::availability, 3));
  CHECK(first_end(1, Purpose::availability, 3) != first_end(1, Purpose::slow_down, 3));
  CHECK(first_end(1, Purpose::availability, 3) != first_end(1, Purpose::availability, 4));
}

TEST_CASE("a daily window opens at the same time each day, and may cover midnight") {
  CHECK(shape(Daily(1, 100.0, 0.3, Distribution::constant(20.0)), 0, 260.0) ==
        "-0 +20 -50 +120 -150 +220 -250");
  CHECK(shape(Daily(1, 100.0, 0.3, Distribution::constant(90.0)), 0, 260.0) ==
        "+0 -20 +90 -120 +190 -220");
  CHECK(shape(Daily(1, 100.0, 0.3, Distribution::constant(70.0)), 0, 180.0) == "-0 +70 -100 +170");
  CHECK(shape(Daily(1, 100.0, 0.3, Distribution::constant(0.0)), 0, 140.0) == "+0 -30 +100 -130");
  CHECK(shape(Daily(1, 100.0, 0.3, Distribution::constant(220.0)), 0, 60.0) == "-0 +20 -50");
  CHECK(shape(Daily(1, 100.0, 1.0, Distribution::constant(20.0)), 0, 900.0) == "+0");
}

TEST_CASE("daily windows are spread as their distribution says") {
  const Daily timeline(9, 86400.0, 0.25, Distribution::uniform(0.0, 86400.0));
  int on = 0;
  for (std::uint32_t owner = 0; owner < 4000; ++owner)
    on += timeline.first(owner).on ? 1 : 0;
  CHECK(on == Approx(1000).epsilon(0.1));  // deviation 27
}

TEST_CASE("regular periods come once or again and again") {
  CHECK(shape(Regular(5.0, 10.0, 0.0), 0, 99.0) == "-0 +5 -15");
  CHECK(shape(Regular(0.0, 10.0, 30.0), 0, 75.0) == "+0 -10 +30 -40 +60 -70");
}

TEST_CASE("a trace is read in any order, with overlaps joined") {
  const Trace trace = parse_trace(
      "end_seconds, client,start_seconds\r\n30,2,20\n10,2,5\n# a remark\n\n8.5,0,0\n 25 ,2,22\n"
      "40,2,30\n7,9,1\n",
      "t.csv", 3, 0.0);
  CHECK(shape(trace, 0, 100.0) == "+0 -8");
  CHECK(shape(trace, 1, 100.0) == "-0");
  CHECK(shape(trace, 2, 100.0) == "-0 +5 -10 +20 -40");
  CHECK(trace.rows_beyond() == 1);
  CHECK(trace.first(1).until == kNever);
}

TEST_CASE("a repeated trace joins its end to its beginning") {
  const std::string rows =
      "client,start_seconds,end_seconds\n0,0,5\n0,20,30\n1,0,30\n2,10,20\n3,0,30\n3,40,50\n";
  const Trace trace = parse_trace(rows, "t.csv", 4, 30.0 + 20.0);
  CHECK(shape(trace, 0, 125.0) == "+0 -5 +20 -30 +50 -55 +70 -80 +100 -105 +120");
  CHECK(shape(trace, 2, 125.0) == "-0 +10 -20 +60 -70 +110 -120");
  CHECK(shape(trace, 3, 185.0) == "+0 -30 +40 -80 +90 -130 +140 -180");
  const Trace always =
      parse_trace("client,start_seconds,end_seconds\n0,0,10\n0,10,30\n", "t.csv", 1, 30.0);
  CHECK(always.first(0) == Period{kNever, 0, true});
}

TEST_CASE("a trace agrees with a look at its rows, at any time") {
  CHECK(rc::check("membership in the rows, repeated", [] {
    const int repeat = *rc::gen::element(0, 60, 60);
    std::vector<std::pair<int, int>> spans;
    std::string text = "client,start_seconds,end_seconds\n";
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
      const int start = *rc::gen::inRange(0, 59);
      const int end = *rc::gen::inRange(start + 1, 61);
      spans.emplace_back(start, end);
      text += "0," + std::to_string(start) + "," + std::to_string(end) + "\n";
    }
    const Trace trace = parse_trace(text, "t.csv", 1, repeat);
    for (int second = 0; second < 200; ++second) {
      const int within = repeat > 0 ? second % repeat : second;
      bool on = false;
      for (const auto& [start, end] : spans)
        on = on || (within >= start && within < end);
      RC_ASSERT(trace.at(0, trace.first(0), at_seconds(second)).on == on);
    }
  }));
}

TEST_CASE("damaged traces are refused with file, line and column") {
  CHECK(windows_refusal("0,5,5\n") == "trace.csv:2:end_seconds: must be after start_seconds");
  CHECK(windows_refusal("0,1,2\nx,1,2\n") ==
        "trace.csv:3:client: must be a whole number from 0 to 4294967295, not \"x\"");
  CHECK(windows_refusal("0,,2\n") == "trace.csv:2:start_seconds: is missing");
  CHECK(windows_refusal("0,-1,2\n") ==
        "trace.csv:2:start_seconds: \"-1\" is out of range; allowed: 0 or "
        "more, at most 1e+09");
  CHECK(windows_refusal("0,nan,2\n") ==
        "trace.csv:2:start_seconds: must be a finite number, not \"nan\"");
  CHECK(windows_refusal("0,1\n") == "trace.csv:2: has 2 cells; the header has 3");
  CHECK(windows_refusal("0,1,11\n", 10.0) ==
        "trace.csv:2:end_seconds: is after availability.repeat_seconds, 10");
  CHECK_THROWS_WITH_AS(parse_trace("client,start_seconds\n", "t.csv", 1, 0.0),
                       "t.csv:1: the header has no column \"end_seconds\"", InputError);
  CHECK_THROWS_WITH_AS(parse_trace("client,start,end_seconds\n", "t.csv", 1, 0.0),
                       "t.csv:1: unknown column \"start\"; allowed in the header: client, "
                       "start_seconds, end_seconds",
                       InputError);
  CHECK_THROWS_WITH_AS(parse_trace("client,client,end_seconds\n", "t.csv", 1, 0.0),
                       "t.csv:1: the header has the column \"client\" twice", InputError);
  CHECK_THROWS_WITH_AS(parse_trace("", "t.csv", 1, 0.0),
                       "t.csv: is empty; a header with columns of client, start_seconds, "
                       "end_seconds was expected",
                       InputError);
}

TEST_CASE("a Bernoulli client answers with its probability, by client and number") {
  tests::PlainWorld plain;
  plain.availability.model = "bernoulli";
  plain.availability.probability = 0.3;
  const World world = plain.make(3);
  int answers = 0;
  int differ = 0;
  for (std::uint64_t seq = 1; seq <= 10'000; ++seq) {
    answers += world.answers({1}, {seq}) ? 1 : 0;
    differ += world.answers({1}, {seq}) != world.answers({2}, {seq}) ? 1 : 0;
    REQUIRE(world.answers({1}, {seq}) == world.answers({1}, {seq}));
  }
  CHECK(answers == Approx(3000).epsilon(0.05));  // deviation 46
  CHECK(differ == Approx(4200).epsilon(0.05));   // 2 * 0.3 * 0.7
  CHECK(!world.next_change());
  CHECK(world.online({0}));
  CHECK(tests::PlainWorld().make(1).answers({0}, {1}));
}

TEST_CASE("availability that makes no sense is refused") {
  const auto refused = [](auto change) {
    AvailabilityConfig config;
    change(config);
    CHECK_THROWS_AS(availability_models().make(config.model, config, 2, 1), InputError);
  };
  refused([](auto& c) { c.model = "sometimes"; });
  refused([](auto& c) { c.model = "file"; });
  refused([](auto& c) { c.model = "markov", c.mean_up_seconds = 0.0; });
  refused([](auto& c) { c.model = "daily", c.online_share = 1.5; });
  refused([](auto& c) { c.model = "bernoulli", c.probability = 0.0; });
}
