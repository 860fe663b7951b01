#include "partition/partitioner.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "partition/picture/legend.hpp"
#include "partition/skews/allocation.hpp"
#include "partition/skews/bins.hpp"
#include "partition/statistics.hpp"
#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"
#include "partition/support/indices.hpp"
#include "tests/partition/made_examples.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::settings;
using tests::skew;

namespace {

Partition draw(const std::vector<Example>& examples, const PartitionConfig& config,
               std::uint64_t seed = 42) {
  return draw_partition(examples, tests::all_of(examples), config, seed, tests::count_tokens);
}

bool each_used_once(const Partition& partition) {
  Indices all;
  for (const auto& client : partition.clients) {
    if (!std::is_sorted(client.begin(), client.end())) return false;
    all.insert(all.end(), client.begin(), client.end());
  }
  std::sort(all.begin(), all.end());
  return all == partition.training;
}

std::string error_of(const PartitionConfig& config, std::size_t examples = 100) {
  try {
    draw(tests::make_examples(examples), config);
  } catch (const InputError& problem) {
    return problem.what();
  }
  return "no error";
}

/// Any combination of drawn skews, each at most once.
rc::Gen<std::vector<SkewConfig>> any_skews() {
  return rc::gen::exec([] {
    std::vector<SkewConfig> skews;
    for (const std::string by : {"context_length", "quality", "attribute", "group", "quantity"}) {
      if (!*rc::gen::arbitrary<bool>()) continue;
      const double alpha = std::pow(10.0, *rc::gen::inRange(-3, 5));
      skews.push_back(skew(by, alpha, *rc::gen::inRange(1, 8)));
    }
    return skews;
  });
}

}  // namespace

TEST_CASE("every training example is used exactly once and each client has the minimum") {
  CHECK(rc::check("a partition", [] {
    const auto examples = tests::make_examples(*rc::gen::inRange<std::size_t>(60, 400));
    Indices training;
    for (std::uint32_t i = 0; i < examples.size(); ++i) {
      if (i % 9 != 0) training.push_back(i);
    }
    const auto clients = *rc::gen::inRange<std::int64_t>(1, 20);
    const auto most = static_cast<std::int64_t>(training.size()) / clients;
    const auto least = *rc::gen::inRange<std::int64_t>(0, most + 1);
    const auto config = settings(clients, least, *any_skews());
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const auto partition = draw_partition(examples, training, config, seed, tests::count_tokens);
    RC_ASSERT(partition.clients.size() == static_cast<std::size_t>(clients));
    RC_ASSERT(partition.training == training);
    RC_ASSERT(each_used_once(partition));
    for (const auto& client : partition.clients) {
      RC_ASSERT(client.size() >= static_cast<std::size_t>(std::max<std::int64_t>(least, 1)));
    }
    const auto again = draw_partition(examples, training, config, seed, tests::count_tokens);
    RC_ASSERT(again.clients == partition.clients);
  }));
}

TEST_CASE("iid is even up to one example and in random order") {
  const auto examples = tests::make_examples(103);
  const auto partition = draw(examples, settings(10, 8, {}));
  for (const auto& client : partition.clients) {
    CHECK((client.size() == 10 || client.size() == 11));
  }
  CHECK(partition.clients == draw(examples, settings(10, 8, {skew("iid", 1.0)})).clients);
  CHECK(partition.clients != draw(examples, settings(10, 8, {}), 43).clients);
  CHECK(partition.clients[0].back() - partition.clients[0].front() > 20);
}

TEST_CASE("with a huge alpha every skew comes near to iid") {
  const auto examples = tests::make_examples(2000);
  const auto config = settings(20, 1,
                               {skew("context_length", 1e9), skew("quality", 1e9),
                                skew("group", 1e9), skew("quantity", 1e9)});
  const auto partition = draw(examples, config);
  for (const auto& client : partition.clients) {
    CHECK(client.size() >= 98);
    CHECK(client.size() <= 102);
  }
  const auto alone = measure_partition(draw(examples, settings(20, 1, {skew("group", 1e9)})));
  CHECK(alone.skews.at(0).js_max < 0.01);
  const auto both = measure_partition(
      draw(examples, settings(20, 1, {skew("quality", 1e9), skew("context_length", 1e9)})));
  CHECK(both.skews.at(0).js_max < 0.1);
  CHECK(both.skews.at(1).js_max < 0.1);
}

TEST_CASE("with a tiny alpha each bin goes to one client, and clients have near to one bin") {
  const auto examples = tests::make_examples(2000);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto partition = draw(examples, settings(30, 8, {skew("context_length", 1e-4)}), seed);
    const auto table = fold_bins(measure_partition(partition).skews.at(0), 5).rows;
    std::size_t pure_clients = 0;
    for (const auto& row : table) {
      const auto total = std::accumulate(row.begin(), row.end(), std::size_t{0});
      pure_clients += *std::max_element(row.begin(), row.end()) > 0.95 * total ? 1 : 0;
    }
    // 25 and more of the clients own no bin but only what keeps their minimum, from one bin each;
    // the owners of the five bins may coincide.
    CHECK(pure_clients >= 27);
    for (std::size_t bin = 0; bin < 5; ++bin) {
      std::size_t held = 0;
      std::size_t largest = 0;
      for (const auto& row : table) {
        held += row[bin];
        largest = std::max(largest, row[bin]);
      }
      CHECK(largest + 30 * 8 >= held);
    }
  }
}

TEST_CASE("the skew grows as alpha falls") {
  const auto examples = tests::make_examples(2000);
  for (const std::string by : {"context_length", "quality", "attribute", "group"}) {
    CAPTURE(by);
    double last = -1.0;
    for (const double alpha : {1e6, 10.0, 1.0, 0.1}) {
      double mean = 0.0;
      for (std::uint64_t seed = 0; seed < 8; ++seed) {
        mean += measure_partition(draw(examples, settings(10, 1, {skew(by, alpha)}), seed))
                    .skews.at(0)
                    .js_mean;
      }
      CHECK(mean > last);
      last = mean;
    }
  }
}

TEST_CASE("quantity skews the sizes and leaves the bins alone") {
  const auto examples = tests::make_examples(4000);
  const auto skewed =
      draw(examples, settings(10, 8, {skew("quantity", 0.3), skew("context_length", 1e9)}));
  const auto statistics = measure_partition(skewed);
  CHECK(statistics.gini > 0.3);
  for (std::size_t c = 0; c < 10; ++c) {
    if (skewed.clients[c].size() >= 200) CHECK(statistics.skews[0].js_distance[c] < 0.05);
  }
}

TEST_CASE("two label skews both show in one partition") {
  const auto examples = tests::make_examples(4000);
  const auto statistics = measure_partition(
      draw(examples, settings(10, 8, {skew("context_length", 0.1), skew("quality", 0.1)})));
  REQUIRE(statistics.skews.size() == 2);
  CHECK(statistics.skews[0].js_mean > 0.3);
  CHECK(statistics.skews[1].js_mean > 0.3);
  CHECK(statistics.skews[1].measure == "votes");
}

TEST_CASE("items are dealt by largest remainders, and what is owed is carried on") {
  std::vector<double> carry(3, 0.0);
  CHECK(apportion(10, {0.5, 0.3, 0.2}, carry) == std::vector<std::size_t>{5, 3, 2});
  CHECK(apportion(10, {0.46, 0.33, 0.21}, carry) == std::vector<std::size_t>{5, 3, 2});
  // Quotas 1.4, 1.4, 0.2 with -0.4, 0.3, 0.1 owed: the second and then the third have most to get.
  CHECK(carry[0] == doctest::Approx(-0.4));
  CHECK(apportion(3, {1.4 / 3, 1.4 / 3, 0.2 / 3}, carry) == std::vector<std::size_t>{1, 2, 0});
  CHECK(rc::check("cells add up", [] {
    const auto clients = *rc::gen::inRange<std::size_t>(1, 30);
    std::vector<double> owed(clients, 0.0);
    std::vector<double> quota(clients, 0.0);
    std::vector<double> total(clients, 0.0);
    for (int cell = 0; cell < 20; ++cell) {
      const auto count = *rc::gen::inRange<std::size_t>(0, 50);
      const auto weights =
          Random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::partition).dirichlet(5.0, clients);
      const auto dealt = apportion(count, weights, owed);
      RC_ASSERT(std::accumulate(dealt.begin(), dealt.end(), std::size_t{0}) == count);
      for (std::size_t c = 0; c < clients; ++c) {
        quota[c] += static_cast<double>(count) * weights[c];
        total[c] += static_cast<double>(dealt[c]);
        RC_ASSERT(std::abs(total[c] + owed[c] - quota[c]) < 1e-6);
      }
    }
  }));
}

TEST_CASE("bins are cut at quantiles or at given edges") {
  const auto even = cut_values({1, 2, 3, 4, 5, 6}, skew("quality", 1.0, 3), "votes");
  CHECK(even.bin_of == std::vector<std::uint32_t>{0, 0, 1, 1, 2, 2});
  CHECK(even.names == std::vector<std::string>{"< 3", "3 to 5", ">= 5"});
  auto config = skew("quality", 1.0);
  config.edges = {0.5, 10};
  const auto given = cut_values({0.5, 0.4999, 9.99, 10, 11}, config, "votes");
  CHECK(given.bin_of == std::vector<std::uint32_t>{1, 0, 1, 2, 2});
  config.edges = {2, 2};
  CHECK_THROWS_WITH_AS(cut_values({1}, config, "votes"),
                       "partition.skew.edges: must be finite and ascend; edge number 2 is 2",
                       InputError);
}

TEST_CASE("bins have names of their own, however near their edges are") {
  auto config = skew("quality", 1.0);
  config.edges = {1.0, 1.0000001, std::nextafter(1.0000001, 2.0), 1.5};
  const auto near = cut_values({0.5, 1.0, 1.0000001, 1.2, 2.0}, config, "votes");
  CHECK(std::set<std::string>(near.names.begin(), near.names.end()).size() == 5);
  config.edges = {0.1, 1.0 / 3.0};
  CHECK(cut_values({0.0}, config, "votes").names ==
        std::vector<std::string>{"< 0.1", "0.1 to 0.333333", ">= 0.333333"});
}

TEST_CASE("fewer bins than asked for are noted") {
  auto examples = tests::make_examples(100);
  for (auto& e : examples) {
    e.quality["votes"] = e.id.size() == 2 ? 1.0 : 0.0;
  }
  const auto partition = draw(examples, settings(4, 1, {skew("quality", 1.0)}));
  CHECK(partition.notes == std::vector<std::string>{"quality: 1 bins instead of 5, since many "
                                                    "examples have the same votes"});
}

TEST_CASE("natural clients are the owners, and none is torn apart") {
  CHECK(rc::check("natural", [] {
    auto examples = tests::make_examples(200);
    for (auto& e : examples) {
      e.client = std::to_string(std::min(*rc::gen::inRange(0, 40), *rc::gen::inRange(0, 40)));
    }
    const auto clients = *rc::gen::inRange<std::int64_t>(0, 15);
    const auto partition = draw(examples, settings(clients, 5, {skew("natural", 1.0)}));
    RC_ASSERT(each_used_once(partition));
    if (clients > 0) RC_ASSERT(partition.clients.size() <= static_cast<std::size_t>(clients));
    std::map<std::string, std::size_t> client_of;
    for (std::size_t c = 0; c < partition.clients.size(); ++c) {
      for (const auto index : partition.clients[c]) {
        RC_ASSERT(client_of.emplace(*examples[index].client, c).first->second == c);
      }
      RC_ASSERT(client_of.at(partition.names[c]) == c);
    }
  }));
}

TEST_CASE("small owners go whole to the client of their hash") {
  auto examples = tests::make_examples(26);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples[i].client = i < 10 ? "anna" : i < 22 ? "bert" : "small";
  }
  const auto partition = draw(examples, settings(0, 8, {skew("natural", 1.0)}));
  CHECK(partition.names == std::vector<std::string>{"anna", "bert"});
  const std::size_t host = fnv1a64("small") % 2;
  CHECK(partition.clients[host].size() == (host == 0 ? 14 : 16));
  CHECK(partition.notes.at(0) ==
        "natural: 4 examples of 1 other owners were spread over the 2 clients, each owner as a "
        "whole");
  const auto largest = draw(examples, settings(1, 8, {skew("natural", 1.0)}));
  CHECK(largest.names == std::vector<std::string>{"bert"});
  CHECK(largest.clients[0].size() == 26);
}

TEST_CASE("settings that cannot be met say what is allowed") {
  CHECK(error_of(settings(20, 8, {})) ==
        "partition.min_examples: 20 clients with at least 8 examples each need more than the 100 "
        "training examples there are; allowed: min_examples up to 5, or clients up to 12");
  CHECK(error_of(settings(0, 8, {})) == "partition.clients: is 0; at least 1 was expected");
  CHECK(error_of(settings(4, 1, {skew("colour", 1.0)})) ==
        "partition.skew.by: unknown skew \"colour\"; known: iid, natural, context_length, quality, "
        "attribute, group, quantity");
  CHECK(error_of(settings(4, 1, {skew("natural", 1.0), skew("quantity", 1.0)})) ==
        "partition.skew: \"natural\" cannot be combined with other skews; 2 are given");
  CHECK(error_of(settings(4, 1, {skew("quantity", 1.0), skew("quantity", 2.0)})) ==
        "partition.skew: \"quantity\" is given 2 times; once is allowed");
  const std::string least = "; a finite number of at least 1e-06 was expected";
  for (const std::string by : {"group", "attribute", "quality", "context_length", "quantity"}) {
    CHECK(error_of(settings(4, 1, {skew(by, 0.0)})) == "partition.skew.alpha: is 0" + least);
    CHECK(error_of(settings(4, 1, {skew(by, 5e-324)})) ==
          "partition.skew.alpha: is 5e-324" + least);
    CHECK(error_of(settings(4, 1, {skew(by, NAN)})) == "partition.skew.alpha: is nan" + least);
    CHECK(error_of(settings(4, 1, {skew(by, INFINITY)})) == "partition.skew.alpha: is inf" + least);
    CHECK(error_of(settings(4, 1, {skew(by, 1e-6)})) == "no error");
  }
  CHECK(error_of(settings(4, 1, {skew("quality", 1.0, 0)})) ==
        "partition.skew.bins: is 0; at least 1 was expected");
  CHECK(error_of(settings(4, 90, {skew("natural", 1.0)})) ==
        "partition.min_examples: no owner has 90 examples (the largest of 4 has 29); at most 29 is "
        "allowed here");
  auto examples = tests::make_examples(30);
  examples[17].client.reset();
  CHECK_THROWS_WITH_AS(
      draw(examples, settings(4, 1, {skew("natural", 1.0)})),
      "partition.skew.by: \"natural\" needs an owner for every example and example "
      "\"e17\" has none; data.fields.client names the field of the owner",
      InputError);
}
