#include <doctest/doctest.h>

#include "actors/strategy/fold/aggregator.hpp"
#include "partition/support/error.hpp"
#include "tests/actors/strategy/lora/lora_oracle.hpp"
#include "tests/actors/strategy/lora/rule_config.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using namespace lorafleet::tests;

namespace {

/// One module of 2 x 2 and the given rank: values are A by rows, then B by rows.
model::AdapterPtr square(std::int64_t rank, double alpha, std::vector<float> values) {
  return std::make_shared<const model::Adapter>(
      model::Adapter{layout_of({{2, 2}}, rank, alpha), std::move(values)});
}

Folded fold(const AggregationConfig& config, const model::AdapterPtr& current,
            const std::vector<FoldItem>& items, std::uint64_t next = 1) {
  return Aggregator(config).fold(*current, items, {next}, 3);
}

Eigen::Matrix2d two_by_two(double a, double b, double c, double d) {
  Eigen::Matrix2d m;
  m << a, b, c, d;
  return m;
}

}  // namespace

TEST_CASE("fedex by hand: the residual carries the scale, and nothing is transposed") {
  // s = 3. Client 1: A = (1 2), B = (1 0)^T: dW = (3 6; 0 0). Client 2: A = (0 1), B = (0 2)^T:
  // dW = (0 0; 0 6). Weights 3/4 and 1/4: A = (0.75 1.75), B = (0.75 0.5)^T.
  const auto current = square(1, 3.0, {1, 1, 0, 0});
  const auto next = fold(tests::rule_config("fedex"), current,
                         {{square(1, 3.0, {1, 2, 1, 0}), current, 0.75, {}},
                          {square(1, 3.0, {0, 1, 0, 2}), current, 0.25, {}}})
                        .next;
  REQUIRE(next);
  CHECK(next->values == std::vector<float>{0.75f, 1.75f, 0.75f, 0.5f});
  REQUIRE(next->base_change);
  CHECK(next->base_change->id == 1);
  // (2.25 4.5; 0 1.5) - 3 (0.75 0.5)^T (0.75 1.75)
  CHECK(next->base_change->deltas[0] == std::vector<float>{0.5625f, 0.5625f, -1.125f, -1.125f});
}

TEST_CASE("flora by hand: the base sums up, and the factors start anew") {
  const auto start = std::make_shared<const model::Adapter>(
      model::initial_adapter(layout_of({{2, 2}}, 2, 4.0), 3));
  const auto rule = lora_rules().make("flora", tests::rule_config("flora"));
  const auto small = rule->view(start, layout_of({{2, 2}}, 1, 3.0));
  auto first = fold(tests::rule_config("flora"), start,
                    {{square(1, 3.0, {1, 2, 1, 0}), small, 0.5, {}},
                     {square(2, 4.0, {1, 0, 0, 1, 1, 0, 0, 1}), start, 0.5, {}}})
                   .next;
  // 0.5 (3 6; 0 0) + 0.5 (2 0; 0 2)
  CHECK(first->base_change->deltas[0] == std::vector<float>{2.5f, 3.0f, 0.0f, 1.0f});
  CHECK(std::all_of(first->b(0).begin(), first->b(0).end(), [](float b) { return b == 0.0f; }));
  CHECK(!std::equal(first->a(0).begin(), first->a(0).end(), start->a(0).begin()));
  const auto second = fold(tests::rule_config("flora"), first,
                           {{square(2, 4.0, {1, 0, 0, 1, 1, 0, 0, 1}), first, 1.0, {1}}}, 2)
                          .next;
  CHECK(second->base_change->id == 2);
  CHECK(second->base_change->deltas[0] == std::vector<float>{4.5f, 3.0f, 0.0f, 3.0f});
  CHECK(first->base_change->deltas[0] == std::vector<float>{2.5f, 3.0f, 0.0f, 1.0f});
  CHECK(!std::equal(first->a(0).begin(), first->a(0).end(), second->a(0).begin()));

  AggregationConfig initial = tests::rule_config("flora");
  initial.lora_reinit = "initial";
  const auto again =
      fold(initial, first, {{square(2, 4.0, {1, 0, 0, 1, 1, 0, 0, 1}), first, 1.0, {1}}}, 2).next;
  CHECK(again->values == start->values);
}

TEST_CASE("hetlora by hand: norms of products are the weights, and small ranks are padded") {
  const auto current = square(2, 2.0, {1, 0, 0, 1, 0, 0, 0, 0});
  // |dW| of (3 4; 0 0) is 5, of (0 0; 0 15) it is 15; scales 1 and 1.
  const auto next = fold(tests::rule_config("hetlora"), current,
                         {{square(1, 1.0, {3, 4, 1, 0}), square(1, 1.0, {1, 0, 0, 0}), 0.5, {}},
                          {square(2, 2.0, {0, 5, 0, 0, 0, 0, 3, 0}), current, 0.5, {}}})
                        .next;
  REQUIRE(next);
  CHECK(next->values == std::vector<float>{0.75f, 4.75f, 0.0f, 0.0f, 0.25f, 0.0f, 2.25f, 0.0f});
}

TEST_CASE("product by hand: a stale update brings its own change and nothing else") {
  // Current dW = diag(4, 1). The client has rank 1, was sent diag(2, 0) of an older version and
  // made (5 0; 0 0) of it: the sum is diag(4 + 0.5 * 3, 1).
  const auto current = square(2, 2.0, {2, 0, 0, 1, 2, 0, 0, 1});
  const auto old_view = square(1, 1.0, {1, 0, 2, 0});
  const auto client = square(1, 1.0, {1, 0, 5, 0});
  AggregationConfig config = tests::rule_config("product");
  config.mode = "fedbuff";
  const auto folded = fold(config, current, {{client, old_view, 0.5, {}}}, 9);
  REQUIRE(folded.next);
  CHECK((dense_product(*folded.next, 0) - two_by_two(5.5, 0, 0, 1)).norm() < 1e-6);
  CHECK(folded.report.dropped_energy < 1e-12);
  // Measured from the current version in place of the old one it would be (4 + 0.5 (5 - 4)).
  REQUIRE(folded.report.views.size() == 1);
  CHECK(folded.report.views[0].rank == 1);
  CHECK(folded.report.views[0].share == doctest::Approx(1.0 / 31.25));
  CHECK(folded.report.norms[0] == doctest::Approx(3.0));
  CHECK(folded.report.cosines[0] == doctest::Approx(1.0));
}

TEST_CASE("what a client of a small rank never saw stays, which hlora's average takes away") {
  const auto current = square(2, 2.0, {2, 0, 0, 1, 2, 0, 0, 1});  // diag(4, 1)
  const auto rule = lora_rules().make("product", tests::rule_config("product"));
  const auto view = rule->view(current, layout_of({{2, 2}}, 1, 1.0));
  const std::vector<FoldItem> items{{view, view, 1.0, {}}};
  CHECK((dense_product(*fold(tests::rule_config("product"), current, items).next, 0) -
         two_by_two(4, 0, 0, 1))
            .norm() < 1e-6);
  CHECK((dense_product(*fold(tests::rule_config("hlora"), current, items).next, 0) -
         two_by_two(4, 0, 0, 0))
            .norm() < 1e-6);
}

TEST_CASE("rolora trains B in odd rounds, those from even versions, and A in even ones") {
  const auto rule = lora_rules().make("rolora", tests::rule_config("rolora"));
  CHECK(rule->trains({0}) == model::Factors::b);
  CHECK(rule->trains({1}) == model::Factors::a);
  CHECK(rule->carries({2}) == model::Factors::b);
  CHECK(lora_rules().at("rolora").from_trained);
  AggregationConfig config = tests::rule_config("rolora");
  config.mode = "fedbuff";
  const auto current = square(1, 1.0, {10, 10, 20, 20});
  const auto from_even = square(1, 1.0, {1, 1, 2, 2});
  const auto from_odd = square(1, 1.0, {5, 5, 6, 6});
  // Half of a change of 4 in B, half of one of 8 in A; the other values are no change of anything.
  const auto next = fold(config, current,
                         {{square(1, 1.0, {99, 99, 6, 6}), from_even, 0.5, {4}},
                          {square(1, 1.0, {13, 13, 99, 99}), from_odd, 0.5, {5}}})
                        .next;
  CHECK(next->values == std::vector<float>{14, 14, 22, 22});
}

TEST_CASE("what jobs train, and what messages carry") {
  const auto rule = [](const char* name) {
    return lora_rules().make(name, tests::rule_config(name));
  };
  CHECK(rule("ffa")->trains({3}) == model::Factors::b);
  CHECK(rule("ffa")->carries({3}) == model::Factors::b);
  CHECK(rule("ffa")->receives({3}) == model::Factors::b);
  CHECK(rule("fedsa")->trains({3}) == model::Factors::both);
  CHECK(rule("fedsa")->carries({3}) == model::Factors::a);
  CHECK(rule("fedsa")->receives({3}) == model::Factors::a);
  CHECK(lora_rules().at("fedsa").needs_private_b);
  CHECK(rule("rolora")->receives({3}) == model::Factors::both);
  CHECK(rule("product")->carries({3}) == model::Factors::both);
  CHECK(lora_rules().at("flora").changes_base);
}

TEST_CASE("a mode or an optimiser that does not fit a rule is refused with the reason") {
  AggregationConfig config = tests::rule_config("hetlora");
  config.mode = "fedbuff";
  CHECK_THROWS_WITH_AS(
      Aggregator{config},
      doctest::Contains("aggregation.lora: \"hetlora\" cannot work in mode fedbuff: zero-padded"),
      InputError);
  config = tests::rule_config("flexlora");
  config.mode = "fedbuff";
  CHECK_THROWS_WITH_AS(Aggregator{config},
                       doctest::Contains("modes that it works in: sync, fedasync"), InputError);
  config.mode = "fedasync";
  CHECK_NOTHROW(Aggregator{config});
  for (const std::string name : {"hlora", "product", "flora", "fedex"}) {
    config = tests::rule_config(name);
    config.server_momentum = 0.9;
    CHECK_THROWS_WITH_AS(Aggregator{config}, doctest::Contains("aggregation.server_optimizer: \""),
                         InputError);
    config.server_momentum = 0.0;
    config.server_optimizer = "adam";
    CHECK_THROWS_AS(Aggregator{config}, InputError);
  }
  config = tests::rule_config("hetlora");
  config.server_optimizer = "yogi";
  CHECK_NOTHROW(Aggregator{config});
  config.hetlora_gamma = 0.0;
  CHECK_THROWS_AS(Aggregator{config}, InputError);
  config = tests::rule_config("product");
  config.lora_split = "a";
  CHECK_THROWS_AS(Aggregator{config}, InputError);
  config = tests::rule_config("flora");
  config.lora_reinit = "never";
  CHECK_THROWS_AS(Aggregator{config}, InputError);
  config = tests::rule_config("hetlora");
  config.hetlora_weighting = "norms";
  CHECK_THROWS_AS(Aggregator{config}, InputError);
}

TEST_CASE("rules for equal ranks refuse other layouts") {
  Random random(1, Purpose::sample);
  const auto global = random_factors(layout_of({{4, 4}}, 2), random);
  const auto rule = lora_rules().make("fedit", tests::rule_config("fedit"));
  CHECK(rule->view(global, layout_of({{4, 4}}, 2)) == global);
  CHECK_THROWS_AS((void)rule->view(global, layout_of({{4, 4}}, 1)), std::invalid_argument);
}

TEST_CASE("an update that is not finite gives no version, whatever the rule") {
  const auto current = square(1, 1.0, {1, 1, 0, 0});
  const auto bad = square(1, 1.0, {1, NAN, 0, 0});
  for (const auto& name : lora_rules().names()) {
    CAPTURE(name);
    CHECK(fold(tests::rule_config(name), current, {{bad, current, 1.0, {}}}).next == nullptr);
  }
}

TEST_CASE("a base change stays with the adapter through rules that make none, and with its views") {
  auto change = std::make_shared<model::BaseChange>();
  change->id = 7;
  auto current = std::make_shared<model::Adapter>(*square(2, 1.0, {1, 1, 0, 1, 1, 0, 0, 1}));
  current->base_change = change;
  for (const std::string name : {"fedit", "hetlora", "hlora", "product"}) {
    CAPTURE(name);
    CHECK(
        fold(tests::rule_config(name), current, {{current, current, 1.0, {}}}).next->base_change ==
        change);
  }
  for (const std::string name : {"flora", "hetlora", "hlora"}) {
    const auto rule = lora_rules().make(name, tests::rule_config(name));
    CHECK(rule->view(current, layout_of({{2, 2}}, 1))->base_change == change);
  }
}

TEST_CASE("the report tells effective rank, collapse, angles and what averaging factors loses") {
  // dW = diag(2, 2): two equal singular values; (2 0; 0 0): one.
  const auto two = square(2, 2.0, {1, 0, 0, 1, 2, 0, 0, 2});
  const auto one = square(2, 2.0, {1, 0, 0, 0, 2, 0, 0, 0});
  CHECK(*fold(tests::rule_config("hlora"), two, {{two, two, 1.0, {}}}).report.effective_rank ==
        doctest::Approx(2.0));
  const auto collapsed = fold(tests::rule_config("fedit"), one, {{one, one, 1.0, {}}}).report;
  CHECK(*collapsed.effective_rank == doctest::Approx(1.0));
  CHECK(collapsed.rank_collapse);
  CHECK(!fold(tests::rule_config("fedit"), two, {{two, two, 1.0, {}}}).report.rank_collapse);

  // p = (4/5, 1/5) of the energies of diag(2, 1): exp(-0.8 ln 0.8 - 0.2 ln 0.2).
  const auto uneven = square(2, 2.0, {1, 0, 0, 1, 2, 0, 0, 1});
  CHECK(*fold(tests::rule_config("fedit"), uneven, {{uneven, uneven, 1.0, {}}})
             .report.effective_rank == doctest::Approx(1.6493848));

  // A = (1 0), B = (1 0)^T and A = (0 1), B = (0 1)^T: the average of the products is diag(1/2,
  // 1/2), the product of the averages 1/4 (1 1; 1 1): |difference|^2 = 1/4, of |ideal|^2 = 1/2.
  const auto start = square(1, 1.0, {0, 0, 0, 0});
  const std::vector<FoldItem> items{{square(1, 1.0, {1, 0, 1, 0}), start, 0.5, {}},
                                    {square(1, 1.0, {0, 1, 0, 1}), start, 0.5, {}}};
  const auto fedit = fold(tests::rule_config("fedit"), start, items).report;
  CHECK(*fedit.reconstruction_error == doctest::Approx(std::sqrt(0.5)));
  CHECK(fedit.norms == std::vector<double>{std::sqrt(2.0), std::sqrt(2.0)});
  CHECK(fedit.cosines[0] == doctest::Approx(std::sqrt(0.5)));
  CHECK(*fold(tests::rule_config("fedex"), start, items).report.reconstruction_error < 1e-6);
  CHECK(fold(tests::rule_config("fedex"), start, items).report.base_change_bytes == 16);
  const auto hlora = fold(tests::rule_config("hlora"), start, items).report;
  CHECK(hlora.dropped_energy == doctest::Approx(0.5));
  CHECK(*hlora.reconstruction_error == doctest::Approx(std::sqrt(0.5)));

  const auto fedsa = fold(tests::rule_config("fedsa"), start, items).report;
  CHECK(!fedsa.reconstruction_error);
  CHECK(!fedsa.effective_rank);
  AggregationConfig adam = tests::rule_config("fedit");
  adam.server_optimizer = "adam";
  CHECK(!fold(adam, start, items).report.reconstruction_error);
  AggregationConfig quiet = tests::rule_config("fedit");
  quiet.lora_report = false;
  CHECK(fold(quiet, start, items).report.norms.empty());
}

TEST_CASE("hetlora prunes a rank whose upper part lost weight, and keeps the scale") {
  AggregationConfig config = tests::rule_config("hetlora");
  config.hetlora_gamma = 0.5;
  const auto rule = lora_rules().make("hetlora", config);
  const auto start = square(2, 4.0, {1, 0, 0, 1, 1, 1, 1, 1});
  const auto shrunk = square(2, 4.0, {5, 5, 0, 0.5f, 1, 1, 1, 1});
  const auto grown = square(2, 4.0, {1, 0, 0, 3, 1, 1, 1, 1});
  CHECK(rule->layout_after(*grown, *start) == grown->layout);
  const auto pruned = rule->layout_after(*shrunk, *start);
  CHECK(pruned->modules()[0].rank == 1);
  CHECK(pruned->modules()[0].scale() == start->layout->modules()[0].scale());
  CHECK(
      lora_rules().make("hetlora", tests::rule_config("hetlora"))->layout_after(*shrunk, *start) ==
      shrunk->layout);
}

TEST_CASE("hetlora alone asks clients to push down what it would cut") {
  AggregationConfig config = tests::rule_config("hetlora");
  config.hetlora_lambda = 0.01;
  CHECK_THROWS_WITH_AS(lora_rules().make("hetlora", config),
                       doctest::Contains("with hetlora_gamma = 1 there is none"), InputError);
  config.hetlora_gamma = 0.5;
  const model::RankPenalty penalty = lora_rules().make("hetlora", config)->penalty();
  CHECK(penalty.lambda == 0.01);
  CHECK(penalty.gamma == 0.5);
  config.lora = "hlora";
  CHECK(lora_rules().make("hlora", config)->penalty().lambda == 0.0);
  config.hetlora_lambda = -1.0;
  CHECK_THROWS_AS(lora_rules().make("hetlora", config), InputError);
}
