#include "actors/sim/offline.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "actors/output/offline_csv.hpp"
#include "partition/support/files.hpp"
#include "tests/actors/sim/made_world.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::sim;
using tests::at_seconds;

namespace {

/// The spans that a world lives through, client by client.
std::vector<std::vector<OfflineSpan>> lived_through(World& world, VirtualTime until) {
  std::vector<std::vector<OfflineSpan>> spans(world.clients());
  std::vector<std::optional<VirtualTime>> left(world.clients());
  for (std::uint32_t c = 0; c < world.clients(); ++c) {
    if (!world.online({c})) left[c] = VirtualTime{};
  }
  tests::Changes changes;
  tests::advance_by_changes(world, {until.microseconds - 1}, changes);
  for (const auto& [time, client, online] : changes) {
    if (online) {
      spans[client].push_back({*left[client], {time}});
      left[client].reset();
    } else {
      left[client] = VirtualTime{time};
    }
  }
  for (std::uint32_t c = 0; c < world.clients(); ++c) {
    if (left[c]) spans[c].push_back({*left[c], until});
  }
  return spans;
}

}  // namespace

TEST_CASE("the spans offline are those that a world lives through") {
  CHECK(rc::check("offline_of agrees with advance", [] {
    const auto made = tests::random_world();
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    World world = made.make(6, seed);
    const World fresh = made.make(6, seed);
    const VirtualTime until = at_seconds(100.0);
    const auto spans = lived_through(world, until);
    for (std::uint32_t c = 0; c < world.clients(); ++c) {
      const Offline found = offline_of(fresh, {c}, until, 10'000);
      RC_ASSERT(found.known == until);
      RC_ASSERT(found.spans == spans[c]);
      RC_ASSERT(offline_of(world, {c}, until, 10'000).spans == spans[c]);
      // With few of them, what there is agrees up to where it ends.
      const Offline few = offline_of(fresh, {c}, until, 2);
      for (const OfflineSpan& span : few.spans) {
        RC_ASSERT(std::any_of(spans[c].begin(), spans[c].end(), [&](const OfflineSpan& whole) {
          return whole.start == span.start && (whole.end == span.end || span.end == few.known);
        }));
      }
    }
  }));
}

TEST_CASE("offline.csv has a row for each span, and says where it was cut short") {
  tests::PlainWorld plain;
  plain.availability.model = "daily";
  plain.availability.day_seconds = 20.0;
  plain.availability.online_share = 0.5;
  plain.availability.window_start_seconds = Distribution::constant(0.0);
  const tests::TemporaryFolder folder;
  const World world = plain.make(3);
  CHECK_FALSE(world.always_online());
  CHECK(tests::PlainWorld().make(1).always_online());
  actors::write_offline_csv(world, {{0}, {2}}, at_seconds(35.0), folder / "offline.csv");
  CHECK(read_file(folder / "offline.csv") ==
        "client,start_seconds,end_seconds\n0,10,20\n0,30,35\n2,10,20\n2,30,35\n");
  const std::vector<ClientId> many(60'000, ClientId{0});  // one row each
  actors::write_offline_csv(world, many, at_seconds(35.0), folder / "offline.csv");
  CHECK(read_file(folder / "offline.csv")
            .starts_with("client,start_seconds,end_seconds\n0,10,20\n0,30,\n0,10,20\n"));
}
