#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "tests/actors/strategy/selection/selection_fleet.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using lorafleet::tests::SelectionFleet;
using lorafleet::tests::update_of;

namespace {

using Ids = std::vector<std::uint32_t>;

/// Never explores, and takes exactly the best; nobody is too slow.
OortConfig greedy() {
  OortConfig config;
  config.exploration = 0.0;
  config.exploration_min = 0.0;
  config.cutoff = 1.0;
  config.clip = 1.0;
  config.step_seconds = 1e9;
  return config;
}

std::unique_ptr<Selection> oort(const OortConfig& options) {
  ClientsConfig config;
  config.oort = options;
  return selections().make("oort", config);
}

}  // namespace

TEST_CASE("oort's utility is examples times mean loss") {
  const auto selection = oort(greedy());
  const SelectionFleet fleet({1, 1, 1});
  selection->observe(update_of(0, 0, 2.0, 1.0, 10));  // 20
  selection->observe(update_of(1, 0, 0.5, 1.0, 50));  // 25
  selection->observe(update_of(2, 0, 3.0, 1.0, 7));   // 21
  CHECK(fleet.choose(*selection, fleet.all(), 1, 1) == Ids{1});
  const auto two = fleet.choose(*selection, fleet.all(), 2, 2);
  CHECK(std::set(two.begin(), two.end()) == std::set<std::uint32_t>{1, 2});
  selection->observe(update_of(1, 0, 0.1, 1.0, 50));  // 5: the latest counts
  CHECK(fleet.choose(*selection, fleet.all(), 1, 3) == Ids{2});
}

TEST_CASE("oort's uncertainty grows for clients not seen for long, as in the paper") {
  // R = 20. Client 0: 1 + sqrt(0.1 ln 20 / 20). Client 1, seen in round 2, with utility share u:
  // u + sqrt(0.1 ln 20 / 2). They meet at u = 0.73536...
  const double meeting =
      1.0 + std::sqrt(0.1 * std::log(20.0) / 20.0) - std::sqrt(0.1 * std::log(20.0) / 2.0);
  REQUIRE(meeting == doctest::Approx(0.7353646).epsilon(1e-6));
  SelectionFleet fleet({1, 1});
  fleet.at = {19};
  for (const double offset : {-1e-6, 1e-6}) {
    const auto selection = oort(greedy());
    selection->observe(update_of(0, 19, 1.0, 1.0, 100));
    selection->observe(update_of(1, 1, meeting + offset, 1.0, 100));
    CHECK(fleet.choose(*selection, fleet.all(), 1, 1) == Ids{offset < 0.0 ? 0U : 1U});
  }
}

TEST_CASE("oort's slow clients are worth (T / t) to the power of alpha") {
  // T = 10 s, alpha 2: a client of 20 s with utility 1 is worth 1/4.
  OortConfig config = greedy();
  config.step_seconds = 10.0;
  const SelectionFleet fleet({1, 1});
  for (const double utility : {0.2499, 0.2501}) {
    const auto selection = oort(config);
    selection->observe(update_of(0, 0, 1.0, 20.0, 1));
    selection->observe(update_of(1, 0, utility, 10.0, 1));
    CHECK(fleet.choose(*selection, fleet.all(), 1, 1) == Ids{utility < 0.25 ? 0U : 1U});
  }
}

TEST_CASE("oort's preferred duration is a quantile of the known ones") {
  // Of 1, 2, 4, 8 s the 0.5 quantile is 4 s: utilities 1, 1, 1, 1 become 1, 1, 1, 1/4.
  OortConfig config = greedy();
  config.step_seconds = 0.0;
  config.preferred_quantile = 0.5;
  config.cutoff = 0.0;
  const auto selection = oort(config);
  for (std::uint32_t c = 0; c < 4; ++c)
    selection->observe(update_of(c, 0, 1.0, std::pow(2.0, c), 1));
  const auto shares = SelectionFleet({1, 1, 1, 1}).shares(*selection, 20000);
  CHECK(shares[0] == doctest::Approx(1.0 / 3.25).epsilon(0.05));
  CHECK(shares[2] == doctest::Approx(1.0 / 3.25).epsilon(0.05));
  CHECK(shares[3] == doctest::Approx(0.25 / 3.25).epsilon(0.1));
}

TEST_CASE("oort draws by score above the cut-off") {
  OortConfig config = greedy();
  config.cutoff = 0.5;
  const auto selection = oort(config);
  selection->observe(update_of(0, 0, 1.0, 1.0, 1));
  selection->observe(update_of(1, 0, 0.6, 1.0, 1));
  selection->observe(update_of(2, 0, 0.4, 1.0, 1));  // below half of the best
  const auto shares = SelectionFleet({1, 1, 1}).shares(*selection, 20000);
  CHECK(shares[0] == doctest::Approx(1.0 / 1.6).epsilon(0.03));
  CHECK(shares[1] == doctest::Approx(0.6 / 1.6).epsilon(0.04));
  CHECK(shares[2] == 0.0);
}

TEST_CASE("oort clips outliers to a quantile of the utilities") {
  // Of 1, 2, 3, 100 the 0.5 quantile is 3: scores 1/3, 2/3, 1, 1.
  OortConfig config = greedy();
  config.cutoff = 0.0;
  config.clip = 0.5;
  const auto selection = oort(config);
  const std::vector<double> losses{1.0, 2.0, 3.0, 100.0};
  for (std::uint32_t c = 0; c < 4; ++c)
    selection->observe(update_of(c, 0, losses[c], 1.0, 1));
  const auto shares = SelectionFleet({1, 1, 1, 1}).shares(*selection, 20000);
  CHECK(shares[0] == doctest::Approx(1.0 / 9.0).epsilon(0.08));
  CHECK(shares[1] == doctest::Approx(2.0 / 9.0).epsilon(0.05));
  CHECK(shares[2] == doctest::Approx(1.0 / 3.0).epsilon(0.05));
  CHECK(shares[3] == doctest::Approx(1.0 / 3.0).epsilon(0.05));
}

TEST_CASE("oort explores with epsilon, which decays, and by speed") {
  OortConfig config = greedy();
  config.exploration = 0.8;
  config.exploration_decay = 0.5;
  config.exploration_min = 0.3;
  const auto selection = oort(config);
  SelectionFleet fleet({1, 1, 1});
  fleet.seconds = {9.0, 1.0, 3.0};
  selection->observe(update_of(0, 0, 1.0, 1.0, 1));  // 1 and 2 are not known yet
  const std::vector<std::pair<std::uint64_t, double>> epsilons{{0, 0.8}, {1, 0.4}, {2, 0.3}};
  for (const auto& [version, epsilon] : epsilons) {
    CAPTURE(version);
    fleet.at = {version};
    const auto shares = fleet.shares(*selection, 20000);
    CHECK(shares[0] == doctest::Approx(1.0 - epsilon).epsilon(0.05));
    CHECK(shares[1] == doctest::Approx(epsilon * 0.75).epsilon(0.06));
    CHECK(shares[2] == doctest::Approx(epsilon * 0.25).epsilon(0.1));
  }
}

TEST_CASE("oort fills the places of one kind with the other") {
  const SelectionFleet fleet({1, 1, 1, 1});
  const auto fresh = oort(greedy());
  CHECK(fleet.choose(*fresh, fleet.all(), 4, 1).size() == 4);  // nobody to exploit
  OortConfig curious;
  curious.exploration = 1.0;
  const auto known = oort(curious);
  for (std::uint32_t c = 0; c < 3; ++c)
    known->observe(update_of(c, 0, 1.0, 1.0, 1));
  const auto all = fleet.choose(*known, fleet.all(), 4, 1);
  CHECK(std::set(all.begin(), all.end()).size() == 4);
}

TEST_CASE("oort spares clients that have done their part, while there are others") {
  OortConfig config = greedy();
  config.most_picks = 2;
  const auto selection = oort(config);
  const SelectionFleet fleet({1, 1});
  selection->observe(update_of(0, 0, 9.0, 1.0, 1));
  selection->observe(update_of(1, 0, 1.0, 1.0, 1));
  CHECK(fleet.choose(*selection, fleet.all(), 1, 1) == Ids{0});
  selection->observe(update_of(0, 1, 9.0, 1.0, 1));
  CHECK(fleet.choose(*selection, fleet.all(), 1, 2) == Ids{1});
  CHECK(fleet.choose(*selection, fleet.all(), 2, 3) == Ids{1, 0});
  CHECK(fleet.choose(*selection, {{0}}, 1, 4) == Ids{0});
}

TEST_CASE("oort's pacer relaxes T when a window of versions brought less utility") {
  // Client 0 takes 15 s: worth (10/15)^2 = 4/9 at T = 10 s, and all of it at T = 20 s.
  OortConfig config = greedy();
  config.step_seconds = 10.0;
  config.window = 2;
  for (const bool falls : {true, false}) {
    CAPTURE(falls);
    const auto selection = oort(config);
    SelectionFleet fleet({1, 1});
    const auto choice = [&](std::uint64_t version) {
      fleet.at = {version};
      return fleet.choose(*selection, fleet.all(), 1, version + 1).front();
    };
    const auto observe = [&](std::uint64_t version, double first) {
      // Of equal rounds, so that the uncertainty is the same.
      selection->observe(update_of(0, version, first, 15.0, 1));
      selection->observe(update_of(1, version, 0.7 * first, 5.0, 1));
    };
    observe(0, 2.0);
    CHECK(choice(1) == 1);  // the first window is not over
    CHECK(choice(2) == 1);  // nothing to compare it with
    observe(3, falls ? 1.0 : 4.0);
    CHECK(choice(3) == 1);
    CHECK(choice(4) == (falls ? 0 : 1));
  }
}

TEST_CASE("oort learns nothing from jobs that were lost") {
  const auto selection = oort(greedy());
  const auto before = selection->state();
  selection->observe({{{0}, {1}}, {0}, std::nullopt, 3.0, 10, 100});
  selection->observe(update_of(0, 0, std::nan(""), 3.0, 10));
  CHECK(selection->state() == before);
}

TEST_CASE("oort refuses options out of range") {
  const auto refuses = [](auto change) {
    OortConfig config;
    change(config);
    CHECK_THROWS_AS(oort(config), InputError);
  };
  refuses([](OortConfig& c) { c.exploration = 1.1; });
  refuses([](OortConfig& c) { c.cutoff = -0.1; });
  refuses([](OortConfig& c) { c.clip = std::nan(""); });
  refuses([](OortConfig& c) { c.alpha = -1.0; });
  refuses([](OortConfig& c) { c.window = 0; });
  refuses([](OortConfig& c) { c.step_seconds = -1.0; });
  refuses([](OortConfig& c) { c.most_picks = -1; });
}
