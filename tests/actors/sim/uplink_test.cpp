#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "actors/sim/uplink.hpp"
#include "tests/actors/sim/made_world.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;
using tests::at_seconds;
using tests::load_of;

TEST_CASE("the uplink serves downloads one after the other") {
  Uplink uplink(8.0);                                                     // 1 MB a second
  CHECK(uplink.serve({1}, at_seconds(1.0), 2'000'000).seconds() == 0.0);  // [1, 3)
  CHECK(uplink.serve({2}, at_seconds(1.0), 1'000'000).seconds() == 2.0);  // [3, 4)
  CHECK(uplink.serve({3}, at_seconds(2.5), 500'000).seconds() == 1.5);    // [4, 4.5)
  CHECK(uplink.serve({4}, at_seconds(9.0), 1'000'000).seconds() == 0.0);  // [9, 10)
  CHECK(uplink.serve({5}, at_seconds(9.5), 1).seconds() == 0.5);
}

TEST_CASE("a download that is given up makes room for later ones, and for nobody who waits") {
  Uplink uplink(8.0);
  CHECK(uplink.serve({1}, {}, 2'000'000).seconds() == 0.0);               // [0, 2)
  CHECK(uplink.serve({2}, {}, 3'000'000).seconds() == 2.0);               // [2, 5)
  CHECK(uplink.serve({3}, {}, 1'000'000).seconds() == 5.0);               // [5, 6)
  uplink.release({2});                                                    // [2, 5) stays empty
  CHECK(uplink.serve({4}, at_seconds(1.0), 1'000'000).seconds() == 5.0);  // [6, 7)
  uplink.release({3});
  uplink.release({4});
  uplink.release({4});
  uplink.release({77});
  CHECK(uplink.serve({5}, at_seconds(1.0), 1'000'000).seconds() == 1.0);  // [2, 3)
  uplink.release({1});
  uplink.release({5});
  CHECK(uplink.serve({6}, at_seconds(1.5), 1'000'000).seconds() == 0.0);  // cut off at once
}

TEST_CASE("an unlimited uplink never waits and keeps nothing") {
  Uplink uplink(0.0);
  CHECK(uplink.serve({1}, {}, 1'000'000'000'000) == VirtualDuration{});
  CHECK(uplink.serve({2}, {}, 1) == VirtualDuration{});
  CHECK(uplink.turns().empty());
}

TEST_CASE("transfers shorter than a microsecond add up") {
  Uplink uplink(8'000.0);  // 1 ns a byte
  for (std::uint64_t seq = 1; seq <= 1000; ++seq)
    (void)uplink.serve({seq}, {}, 100);
  CHECK(uplink.serve({1001}, {}, 100).microseconds == 100);
}

TEST_CASE("the uplink's time never overflows") {
  Uplink uplink(1e-9);
  for (std::uint64_t seq = 1; seq <= 10; ++seq)
    CHECK(uplink.serve({seq}, at_seconds(1e9), std::int64_t{1} << 60).microseconds >= 0);
}

TEST_CASE("the uplink is busy for the sum of what it sends, and never idle while somebody waits") {
  CHECK(rc::check("starts are the recurrence of a queue with one server", [] {
    Uplink uplink(8.0);
    VirtualTime now;
    std::int64_t free_at = 0;
    std::uint64_t seq = 1;
    for (int i = *rc::gen::inRange(1, 30); i > 0; --i) {
      now = now + VirtualDuration{*rc::gen::inRange(0, 3'000'000)};
      const std::int64_t bytes = *rc::gen::inRange(0, 2'000'000);  // 1 us each
      const std::int64_t start = std::max(free_at, now.microseconds);
      RC_ASSERT(uplink.serve({seq++}, now, bytes).microseconds == start - now.microseconds);
      free_at = start + bytes;
    }
    RC_ASSERT(uplink.turns().back().end == free_at * 1000);
  }));
}

TEST_CASE("a download takes its waiting, the slower of both links, and the latency") {
  tests::PlainWorld plain;  // clients: 1 MB a second
  plain.network.latency_seconds = Distribution::constant(0.25);
  plain.network.server_upload_mbps = 16.0;
  World world = plain.make(3);
  const JobTiming first = world.predict(load_of(0, 1, 4.0, 1.0, 1.0), {});
  CHECK(first.waited.seconds() == 0.0);
  CHECK(first.down.seconds() == 4.25);  // its own link is the slower one
  const JobTiming second = world.predict(load_of(1, 2, 4.0, 1.0, 1.0), {});
  CHECK(second.waited.seconds() == 2.0);
  CHECK(second.down.seconds() == 6.25);
  CHECK(second.up.seconds() == 1.25);
  CHECK(second.end.seconds() == 8.5);

  plain.network.server_upload_mbps = 2.0;
  World narrow = plain.make(3);
  CHECK(narrow.predict(load_of(0, 1, 4.0, 1.0, 1.0), {}).down.seconds() == 16.25);
  CHECK(narrow.predict(load_of(1, 2, 4.0, 1.0, 1.0), {}).waited.seconds() == 16.0);
}

TEST_CASE("a job that will be lost occupies the uplink until it is") {
  tests::PlainWorld plain;
  plain.network.server_upload_mbps = 8.0;
  plain.availability.drop_probability = 1.0 - 1e-15;
  World world = plain.make(2);
  CHECK(world.predict(load_of(0, 1, 4.0, 1.0, 1.0), {}).lost);
  CHECK(world.predict(load_of(1, 2, 4.0, 1.0, 1.0), {}).waited.seconds() == 4.0);
  world.release({1});
  world.release({2});
  CHECK(world.predict(load_of(0, 3, 4.0, 1.0, 1.0), {}).waited.seconds() == 0.0);
}

TEST_CASE("a world goes on from its saved state as if nothing had happened") {
  tests::PlainWorld plain;
  plain.network.server_upload_mbps = 3.0;
  plain.network.jitter = Distribution::lognormal(1.0, 0.5);
  plain.devices.slow_down.mean_between_seconds = 5.0;
  plain.availability.model = "markov";
  plain.availability.leaving = "pause";
  World first = plain.make(20);
  for (std::uint64_t seq = 1; seq < 15; ++seq) {
    first.advance(at_seconds(static_cast<double>(seq)), {});
    (void)first.predict(load_of(static_cast<std::uint32_t>(seq), seq, 2.0, 3.0, 1.0), first.now());
  }
  const WorldState saved = first.save();
  REQUIRE(!saved.uplink.empty());
  CHECK(saved.uplink.back().end > 14'000'000'000);
  World second = plain.make(20);
  second.advance(first.now(), {});
  second.restore(saved);
  CHECK(second.save() == saved);
  for (std::uint32_t c = 0; c < 20; ++c) {
    const JobTiming a = first.predict(load_of(c, 100 + c, 2.0, 3.0, 1.0), first.now());
    const JobTiming b = second.predict(load_of(c, 100 + c, 2.0, 3.0, 1.0), second.now());
    CHECK(a.end == b.end);
    CHECK(a.waited == b.waited);
    CHECK(a.reason == b.reason);
  }
}
