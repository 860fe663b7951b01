#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "actors/strategy/fold/aggregator.hpp"
#include "partition/support/error.hpp"
#include "tests/actors/strategy/lora/lora_oracle.hpp"
#include "tests/actors/strategy/lora/rule_config.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using namespace lorafleet::tests;

namespace {

const std::vector<Shape> kShapes = {{12, 20}, {17, 9}};

model::AdapterPtr folded_adapter(const AggregationConfig& config, const model::AdapterPtr& current,
                                 const std::vector<FoldItem>& items) {
  return Aggregator(config).fold(*current, items, {1}, 3).next;
}

double relative(const Dense& a, const Dense& b) {
  return distance(a, b) / norm(b);
}

/// Clients of ranks 2, 4 and 8 of a server of rank 8.
std::vector<FoldItem> mixed_items(const std::string& name, const LoraRule& rule,
                                  const model::AdapterPtr& current, Random& random,
                                  std::size_t clients) {
  std::vector<FoldItem> items;
  for (std::size_t k = 0; k < clients; ++k) {
    const std::int64_t rank = lora_rules().at(name).any_ranks ? std::int64_t{2} << (k % 3) : 8;
    const auto start =
        rule.view(current, layout_of(kShapes, rank, 2.0 * static_cast<double>(rank)));
    auto adapter = trained(start, random);
    if (rule.trains({}) == model::Factors::b) {
      auto partly = std::make_shared<model::Adapter>(*adapter);
      for (std::size_t i = 0; i < kShapes.size(); ++i)
        std::copy(start->a(i).begin(), start->a(i).end(), partly->a(i).begin());
      adapter = partly;
    }
    items.push_back({adapter, start, 1.0 / static_cast<double>(clients), {}});
  }
  return items;
}

const std::vector<std::string> kAll = {"fedit", "ffa",     "fedsa", "rolora", "flora",
                                       "fedex", "hetlora", "hlora", "product"};

}  // namespace

TEST_CASE("one client alone gets back its own product") {
  CHECK(rc::check("one client", [] {
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::sample);
    const auto current = random_factors(layout_of(kShapes, 8), random);
    for (const std::string name :
         {"fedit", "ffa", "flora", "fedex", "hetlora", "hlora", "product"}) {
      const auto rule = lora_rules().make(name, tests::rule_config(name));
      auto adapter = trained(current, random);
      if (rule->trains({}) == model::Factors::b) {
        auto partly = std::make_shared<model::Adapter>(*adapter);
        for (std::size_t i = 0; i < kShapes.size(); ++i)
          std::copy(current->a(i).begin(), current->a(i).end(), partly->a(i).begin());
        adapter = partly;
      }
      const auto next =
          folded_adapter(tests::rule_config(name), current, {{adapter, current, 1.0, {}}});
      RC_ASSERT(relative(dense_effect(*next), dense_products(*adapter)) < 1e-6);
    }
  }));
}

TEST_CASE("clients that return what they received change nothing, whatever they weigh") {
  CHECK(rc::check("fixed point", [] {
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::sample);
    const auto current = random_factors(layout_of(kShapes, 8), random);
    for (const std::string name : {"fedit", "ffa", "rolora", "flora", "fedex", "product"}) {
      const auto rule = lora_rules().make(name, tests::rule_config(name));
      const auto view =
          lora_rules().at(name).any_ranks ? rule->view(current, layout_of(kShapes, 3)) : current;
      const double weight = random.uniform(0.01, 2.0);
      const auto next = folded_adapter(tests::rule_config(name), current,
                                       {{view, view, weight, {}}, {view, view, 0.3, {}}});
      RC_ASSERT(relative(dense_effect(*next), dense_products(*current)) < 1e-6);
    }
    for (const std::string name : {"hetlora", "hlora"}) {
      const auto next =
          folded_adapter(tests::rule_config(name), current,
                         {{current, current, 0.25, {}}, {current, current, 0.75, {}}});
      RC_ASSERT(relative(dense_effect(*next), dense_products(*current)) < 1e-6);
    }
  }));
}

TEST_CASE("the order of the clients changes nothing but rounding") {
  CHECK(rc::check("permutation", [] {
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::sample);
    const auto current = random_factors(layout_of(kShapes, 8), random);
    for (const std::string& name : kAll) {
      const auto rule = lora_rules().make(name, tests::rule_config(name));
      auto items = mixed_items(name, *rule, current, random, 7);
      const auto one = folded_adapter(tests::rule_config(name), current, items);
      random.shuffle(items);
      const auto other = folded_adapter(tests::rule_config(name), current, items);
      RC_ASSERT(relative(dense_effect(*other), dense_effect(*one)) < 1e-5);
    }
  }));
}

TEST_CASE("the same fold gives the same bytes") {
  Random random(4, Purpose::sample);
  const auto current = random_factors(layout_of(kShapes, 8), random);
  for (const std::string& name : kAll) {
    CAPTURE(name);
    const auto rule = lora_rules().make(name, tests::rule_config(name));
    const auto items = mixed_items(name, *rule, current, random, 7);
    CHECK(model::sha256(*folded_adapter(tests::rule_config(name), current, items)) ==
          model::sha256(*folded_adapter(tests::rule_config(name), current, items)));
  }
}

TEST_CASE("only products count for product rules: alpha / r and B may be rescaled together") {
  CHECK(rc::check("rescaling", [] {
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::sample);
    const auto current = random_factors(layout_of(kShapes, 8), random);
    const auto rescaled = [](const model::AdapterPtr& adapter, double factor) {
      auto modules = adapter->layout->modules();
      for (auto& module : modules)
        module.alpha *= factor;
      auto other = std::make_shared<model::Adapter>(*adapter);
      other->layout = std::make_shared<const model::AdapterLayout>(modules);
      for (std::size_t i = 0; i < modules.size(); ++i) {
        for (float& value : other->b(i))
          value = static_cast<float>(value / factor);
      }
      return model::AdapterPtr(other);
    };
    for (const std::string name : {"flora", "hetlora", "hlora", "product"}) {
      const auto rule = lora_rules().make(name, tests::rule_config(name));
      auto items = mixed_items(name, *rule, current, random, 5);
      const auto one = folded_adapter(tests::rule_config(name), current, items);
      for (auto& item : items) {
        const double factor = random.uniform(0.2, 5.0);
        item.adapter = rescaled(item.adapter, factor);
        item.anchor = rescaled(item.anchor, factor);
      }
      const auto other = folded_adapter(tests::rule_config(name), current, items);
      RC_ASSERT(relative(dense_effect(*other), dense_effect(*one)) < 1e-5);
    }
  }));
}

TEST_CASE("a client of a smaller rank receives the best approximation at its own scale") {
  Random random(8, Purpose::sample);
  const auto global = random_factors(layout_of(kShapes, 9, 16.0), random);
  for (const std::string name : {"hlora", "product"}) {
    for (const std::string split : {"balanced", "b"}) {
      AggregationConfig config = tests::rule_config(name);
      config.lora_split = split;
      const auto rule = lora_rules().make(name, config);
      CHECK(rule->view(global, global->layout) == global);
      CHECK(rule->view(global, layout_of(kShapes, 9, 16.0)) == global);
      for (const std::int64_t rank : {1, 4, 8}) {
        const auto layout = layout_of(kShapes, rank, 5.0, rank == 4);
        const auto view = rule->view(global, layout);
        CHECK(view->layout == layout);
        CHECK(relative(dense_products(*view), dense_best(dense_products(*global), *layout)) < 1e-6);
      }
    }
  }
}

TEST_CASE("before anything is learnt, a client of a smaller rank can learn as any other") {
  const auto global =
      std::make_shared<const model::Adapter>(model::initial_adapter(layout_of(kShapes, 8), 5));
  for (const std::string name : {"flora", "hetlora", "hlora", "product"}) {
    CAPTURE(name);
    const auto view =
        lora_rules().make(name, tests::rule_config(name))->view(global, layout_of(kShapes, 3));
    for (std::size_t i = 0; i < kShapes.size(); ++i) {
      CHECK(std::equal(view->a(i).begin(), view->a(i).end(), global->a(i).begin()));
      CHECK(std::all_of(view->b(i).begin(), view->b(i).end(), [](float b) { return b == 0.0f; }));
    }
  }
}

TEST_CASE("directions without a singular value get a fresh row of A, so that they can be learnt") {
  Random random(8, Purpose::sample);
  for (const std::string split : {"balanced", "b"}) {
    AggregationConfig config = tests::rule_config("product");
    config.lora_split = split;
    const auto current =
        std::make_shared<const model::Adapter>(model::initial_adapter(layout_of(kShapes, 6), 5));
    const auto start = lora_rules().make("product", config)->view(current, layout_of(kShapes, 2));
    const auto client = trained(start, random);
    const auto next = folded_adapter(config, current, {{client, start, 1.0, {}}});
    CHECK(relative(dense_products(*next), dense_products(*client)) < 1e-6);
    for (std::size_t i = 0; i < kShapes.size(); ++i) {
      const auto in = static_cast<std::size_t>(kShapes[i].in);
      for (std::size_t row = 2; row < 6; ++row) {
        const double length = model::l2_norm(next->a(i).subspan(row * in, in));
        CHECK(length > 0.2);
        CHECK(length ==
              (split == "b" ? doctest::Approx(1.0) : doctest::Approx(0.577).epsilon(0.6)));
      }
      const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>
          a(next->a(i).data(), 6, static_cast<Eigen::Index>(in));
      Eigen::MatrixXd gram = (a * a.transpose()).cast<double>();
      gram.diagonal().setZero();
      CHECK(gram.cwiseAbs().maxCoeff() < 1e-6);
    }
  }
}

TEST_CASE("singular vectors have fixed signs, and balanced factors equal sizes") {
  Random random(8, Purpose::sample);
  const auto current = random_factors(layout_of({{30, 40}}, 5, 15.0), random);
  const auto client = trained(current, random);
  const auto next =
      folded_adapter(tests::rule_config("hlora"), current, {{client, current, 1.0, {}}});
  double before = 1e300;
  for (std::size_t row = 0; row < 5; ++row) {
    const auto a = next->a(0).subspan(row * 40, 40);
    double b = 0.0;
    for (std::size_t i = 0; i < 30; ++i)
      b += std::pow(static_cast<double>(next->b(0)[i * 5 + row]), 2);
    // sqrt(sigma / s) in both; the whole of sigma in one of them would give other lengths.
    CHECK(std::sqrt(b) == doctest::Approx(model::l2_norm(a)).epsilon(1e-5));
    CHECK(std::sqrt(b) < before);
    before = std::sqrt(b);
    const auto largest = std::max_element(
        a.begin(), a.end(), [](float x, float y) { return std::abs(x) < std::abs(y); });
    CHECK(*largest > 0.0f);
  }
}
