#include "model/adapter/client_layouts.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "model/adapter/lora_layout.hpp"
#include "model/network/base_model.hpp"
#include "partition/support/error.hpp"
#include "tests/model/opt_shape.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

ModelShape small() {
  return tests::opt_shape(64, 128, 1);
}

std::map<std::int64_t, std::size_t> count(const ClientLayouts& layouts) {
  std::map<std::int64_t, std::size_t> counts;
  for (const auto& layout : layouts.of_client)
    ++counts[layout->modules()[0].rank];
  return counts;
}

}  // namespace

TEST_CASE("without ranks all clients have the server's layout, by one pointer") {
  const LoraConfig lora;
  const auto layouts = client_layouts(small(), lora, {5, {}, {}}, 1);
  CHECK(*layouts.server == *make_layout(small(), lora));
  REQUIRE(layouts.of_client.size() == 5);
  for (const auto& layout : layouts.of_client)
    CHECK(layout == layouts.server);
  CHECK(layouts.distinct == std::vector<LayoutPtr>{layouts.server});
  CHECK(!has_unequal_ranks(lora));
}

TEST_CASE("shares are kept by largest remainder, and the seed says which clients") {
  LoraConfig lora;
  lora.ranks = {{4, 0.5, "", 0.0}, {16, 0.25, "", 0.0}, {32, 0.25, "", 0.0}};
  CHECK(has_unequal_ranks(lora));
  const auto layouts = client_layouts(small(), lora, {10, {}, {}}, 1);
  // Quotas 5, 2.5 and 2.5: the earlier of the equal fractions gets the client that remains.
  CHECK(count(layouts) == std::map<std::int64_t, std::size_t>{{4, 5}, {16, 3}, {32, 2}});
  CHECK(layouts.server->modules()[0].rank == 32);
  REQUIRE(layouts.distinct.size() == 3);
  CHECK(layouts.distinct[2] == layouts.server);
  CHECK(layouts.distinct[0]->modules()[0].rank == 4);
  const std::set<LayoutPtr> pointers(layouts.of_client.begin(), layouts.of_client.end());
  CHECK(pointers.size() == 3);

  const auto ranks = [&](std::uint64_t seed) {
    std::vector<std::int64_t> all;
    for (const auto& layout : client_layouts(small(), lora, {40, {}, {}}, seed).of_client)
      all.push_back(layout->modules()[0].rank);
    return all;
  };
  CHECK(ranks(1) == ranks(1));
  CHECK(ranks(1) != ranks(2));
}

TEST_CASE("each share is within one of its quota") {
  CHECK(rc::check("quota", [] {
    LoraConfig lora;
    double total = 0.0;
    const auto entries = *rc::gen::inRange(1, 6);
    for (int i = 0; i < entries; ++i) {
      lora.ranks.push_back({i + 1, *rc::gen::inRange(1, 100) * 0.1, "", 0.0});
      total += lora.ranks.back().share;
    }
    const auto clients = static_cast<std::size_t>(*rc::gen::inRange(0, 200));
    const auto layouts = client_layouts(small(), lora, {clients, {}, {}}, 9);
    RC_ASSERT(layouts.of_client.size() == clients);
    auto counts = count(layouts);
    for (const auto& entry : lora.ranks) {
      const double quota = static_cast<double>(clients) * entry.share / total;
      RC_ASSERT(std::abs(static_cast<double>(counts[entry.r]) - quota) < 1.0);
    }
  }));
}

TEST_CASE("a tier gives its clients their rank") {
  LoraConfig lora;
  lora.ranks = {{4, 0.0, "slow", 0.0}, {16, 0.0, "fast", 0.0}};
  const auto layouts = client_layouts(small(), lora, {3, {"fast", "slow", "fast"}, {}}, 1);
  CHECK(layouts.of_client[0]->modules()[0].rank == 16);
  CHECK(layouts.of_client[1]->modules()[0].rank == 4);
  CHECK(layouts.of_client[2] == layouts.of_client[0]);
  CHECK_THROWS_WITH_AS(client_layouts(small(), lora, {2, {"fast", "middle"}, {}}, 1),
                       "lora.ranks: gives no rank to tier \"middle\"; it names slow, fast",
                       InputError);
}

TEST_CASE("an explicit rank comes before shares, and the server's is the largest of all") {
  LoraConfig lora;
  lora.ranks = {{4, 1.0, "", 12.0}};
  const auto layouts = client_layouts(small(), lora, {4, {}, {0, 8, 4, 0}}, 1);
  CHECK(count(layouts) == std::map<std::int64_t, std::size_t>{{4, 3}, {8, 1}});
  CHECK(layouts.server == layouts.of_client[1]);
  CHECK(layouts.of_client[2]->modules()[0].alpha == 12.0);
  CHECK(layouts.of_client[1]->modules()[0].alpha == 16.0);

  LoraConfig plain;
  plain.r = 8;
  CHECK(client_layouts(small(), plain, {3, {}, {0, 4, 0}}, 1).server->modules()[0].rank == 8);
  CHECK(client_layouts(small(), plain, {3, {}, {4, 4, 2}}, 1).server->modules()[0].rank == 4);
}

TEST_CASE("lora_alpha is [lora]'s unless an entry gives its own") {
  LoraConfig lora;
  lora.lora_alpha = 16.0;
  lora.ranks = {{4, 1.0, "", 0.0}, {8, 1.0, "", 0.0}};
  CHECK(client_layouts(small(), lora, {2, {}, {}}, 1).distinct[0]->modules()[0].scale() == 4.0);
  CHECK(server_lora(lora).r == 8);
  CHECK(server_lora(lora).ranks.empty());
  lora.ranks = {{4, 1.0, "", 8.0}, {8, 1.0, "", 16.5}};
  CHECK(client_layouts(small(), lora, {2, {}, {}}, 1).distinct[0]->modules()[0].scale() == 2.0);
  CHECK(server_lora(lora).lora_alpha == 16.5);
  CHECK(server_lora(LoraConfig{}).r == 8);
}

TEST_CASE("ranks that say too much or too little are refused") {
  const auto refused = [](std::vector<ClientRank> ranks, const std::string& message) {
    LoraConfig lora;
    lora.ranks = std::move(ranks);
    CHECK_THROWS_WITH_AS(client_layouts(small(), lora, {4, {}, {}}, 1),
                         ("lora.ranks: " + message).c_str(), InputError);
  };
  refused({{4, 0.5, "slow", 0.0}}, "entry 0 has a share and a tier; allowed: one of them");
  refused({{4, 0.0, "", 0.0}},
          "entry 0 has neither a share above 0 nor a tier; allowed: one of them");
  refused({{4, 0.5, "", 0.0}, {8, 0.0, "fast", 0.0}},
          "entry 1 goes by tier, the first by share; allowed: all by the same");
  refused({{4, 0.0, "fast", 0.0}, {8, 0.0, "fast", 0.0}}, "two entries name the tier \"fast\"");
  refused({{4, 1.0, "", 8.0}, {4, 1.0, "", 9.0}}, "two entries give rank 4 different lora_alpha");
  LoraConfig lora;
  lora.ranks = {{65, 1.0, "", 0.0}};
  CHECK_THROWS_WITH_AS(client_layouts(small(), lora, {4, {}, {}}, 1),
                       "lora.r: must be from 1 to 64 (the smaller side of q_proj), not 65",
                       InputError);
}
