#include "partition/skews/allocation.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

#include "partition/support/error.hpp"
#include "tests/partition/skews/plain_allocation.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

/// Random bins and shares over random clients, many of them with the same or no share.
struct Case {
  std::vector<Bins> bins;
  std::vector<tests::PlainAllocation::Shares> shares;
  std::vector<double> sizes;
  std::size_t examples = 0;
  std::size_t least = 0;
  std::uint64_t seed = 0;

  [[nodiscard]] ShareRows::Draw draw() const {
    return [this](std::size_t skew, std::uint32_t bin) { return shares[skew][bin]; };
  }
  [[nodiscard]] tests::PlainAllocation::Clients plainly() const {
    tests::PlainAllocation plain(bins, shares, sizes, examples);
    plain.deal(seed);
    plain.hold_minimum(least);
    return plain.clients();
  }
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> dealt(
      const Allocation::Limits& limits) const {
    Allocation allocation(bins, draw(), sizes, examples, limits);
    allocation.deal(seed);
    allocation.hold_minimum(least);
    return allocation.clients();
  }
};

std::vector<double> random_shares(std::size_t clients) {
  const double alpha = std::pow(10.0, *rc::gen::inRange(-6, 4));
  auto shares =
      Random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::partition).dirichlet(alpha, clients);
  if (*rc::gen::inRange(0, 4) == 0) shares.assign(clients, 1.0 / static_cast<double>(clients));
  return shares;
}

Case random_case(std::size_t most_examples, std::size_t most_clients) {
  Case made;
  made.examples = *rc::gen::inRange<std::size_t>(1, most_examples);
  made.seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto clients = *rc::gen::inRange<std::size_t>(1, std::min(made.examples, most_clients) + 1);
  made.least = *rc::gen::inRange<std::size_t>(0, made.examples / clients + 1);
  made.sizes = random_shares(clients);
  const auto skews = *rc::gen::inRange(0, 4);
  for (int s = 0; s < skews; ++s) {
    auto& skew = made.bins.emplace_back();
    auto& shares = made.shares.emplace_back();
    const auto count = *rc::gen::inRange<std::uint32_t>(1, 30);
    for (std::uint32_t bin = 0; bin < count; ++bin) {
      skew.names.push_back(std::to_string(bin));
      shares.push_back(random_shares(clients));
    }
    for (std::size_t i = 0; i < made.examples; ++i)
      skew.bin_of.push_back(*rc::gen::inRange<std::uint32_t>(0, count));
  }
  return made;
}

std::string error_of(const Case& made, const Allocation::Limits& limits) {
  try {
    (void)made.dealt(limits);
  } catch (const InputError& problem) {
    return problem.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("an allocation is that of the plain algorithm, example for example") {
  CHECK(rc::check("by cells, moved in blocks, with or without shares that are kept", [] {
    const Case made = random_case(150, 25);
    const auto plain = made.plainly();
    RC_ASSERT(made.dealt({}) == plain);
    Allocation::Limits tight;
    tight.kept = *rc::gen::inRange<std::size_t>(1, 200);
    tight.block = *rc::gen::inRange<std::size_t>(1, 40);
    RC_ASSERT(made.dealt(tight) == plain);
  }));
}

TEST_CASE(
    "clients that lack much take from several, and a giver serves many, as in the plain one") {
  CHECK(rc::check("one client has nearly all", [] {
    Case made = random_case(300, 60);
    made.sizes.assign(made.sizes.size(), 1e-9);
    made.sizes[*rc::gen::inRange<std::size_t>(0, made.sizes.size())] = 1.0;
    made.least = made.examples / made.sizes.size();
    RC_ASSERT(made.dealt({}) == made.plainly());
  }));
}

TEST_CASE("shares that are too many to draw are refused with what would help") {
  Case made;
  made.examples = 40;
  made.sizes = {1.0, 0.0, 0.0, 0.0};
  made.least = 8;
  auto& skew = made.bins.emplace_back();
  auto& shares = made.shares.emplace_back();
  for (std::uint32_t bin = 0; bin < 20; ++bin) {
    skew.names.push_back(std::to_string(bin));
    shares.push_back({0.25, 0.25, 0.25, 0.25});
  }
  for (std::uint32_t i = 0; i < 40; ++i)
    skew.bin_of.push_back(i % 20);
  Allocation::Limits limits{.kept = 79, .block = 20, .draws = 79};
  CHECK(
      error_of(made, limits) ==
      "partition.skew: 20 bins over 4 clients are 80 shares: too many to draw; allowed: skews with "
      "fewer bins, or fewer clients");
  limits.draws = 80;
  CHECK(
      error_of(made, limits) ==
      "partition.skew: 20 bins over 4 clients are 80 shares, which min_examples would need 4 times "
      "over: too many to draw; allowed: skews with fewer bins, or fewer clients, or a smaller "
      "min_examples");
  limits.draws = 4 * 80;
  CHECK(error_of(made, limits) == "no error");
  CHECK(made.dealt(limits) == made.plainly());
  limits.kept = 80;
  limits.draws = 1;
  CHECK(error_of(made, limits) == "no error");
}
