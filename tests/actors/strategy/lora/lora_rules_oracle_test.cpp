#include <doctest/doctest.h>

#include <numeric>

#include "actors/strategy/fold/aggregator.hpp"
#include "tests/actors/strategy/lora/lora_oracle.hpp"
#include "tests/actors/strategy/lora/rule_config.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using namespace lorafleet::tests;

namespace {

/// A fold of random clients; seed decides shapes, ranks, scales, zero and duplicate updates.
struct Case {
  model::AdapterPtr current;
  std::vector<FoldItem> items;
};

/// For the rule `name`. `stale`: anchors are views of an earlier version and weights do not sum
/// to 1.
Case make_case(const std::string& name, const Aggregator& aggregator, std::uint64_t seed,
               bool stale) {
  const LoraRule& rule = aggregator.rule();
  Random random(seed, Purpose::sample);
  const auto between = [&](std::int64_t low, std::int64_t high) {
    return low +
           static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
  };
  std::vector<Shape> shapes;
  for (std::int64_t i = between(1, 2); i > 0; --i)
    shapes.push_back({between(1, 80), between(1, 80)});
  const bool rslora = random.bernoulli(0.3);
  const double alpha = random.uniform(0.5, 40.0);
  const std::int64_t largest = between(1, 64);
  const auto server = layout_of(shapes, largest, alpha, rslora);

  Case made;
  made.current = random_factors(server, random);
  const auto earlier = stale ? random_factors(server, random) : made.current;
  const std::int64_t clients = between(1, 50);
  double total = 0.0;
  for (std::int64_t k = 0; k < clients; ++k) {
    auto layout = server;
    if (lora_rules().at(name).any_ranks && random.bernoulli(0.7)) {
      layout = layout_of(shapes, between(1, largest), random.bernoulli(0.5) ? alpha : 7.0, rslora);
    }
    const auto anchor = rule.view(random.bernoulli(0.5) ? earlier : made.current, layout);
    FoldItem item{trained(anchor, random),
                  anchor,
                  random.uniform(0.1, 1.0),
                  {static_cast<std::uint64_t>(between(0, 1))}};
    if (rule.trains(item.trained_from) != model::Factors::both) {
      auto partly = std::make_shared<model::Adapter>(*anchor);
      for (std::size_t i = 0; i < layout->modules().size(); ++i) {
        const bool b = rule.trains(item.trained_from) == model::Factors::b;
        const auto from = b ? item.adapter->b(i) : item.adapter->a(i);
        std::copy(from.begin(), from.end(), (b ? partly->b(i) : partly->a(i)).begin());
      }
      item.adapter = partly;
    }
    const auto kind = random.below(8);
    if (kind == 0) item.adapter = anchor;
    if (kind == 1 && !made.items.empty()) item = made.items.back();
    if (kind == 2) {
      item.adapter = std::make_shared<const model::Adapter>(
          model::Adapter{layout, std::vector<float>(layout->size(), 0.0f)});
    }
    total += item.weight;
    made.items.push_back(item);
  }
  if (!stale) {
    for (FoldItem& item : made.items)
      item.weight /= total;
  }
  return made;
}

constexpr std::uint64_t kCases = 60;

/// Rules whose effect (factors and base) is exactly the sum of products.
void check_exact(const std::string& name, bool stale, double tolerance) {
  LargestError largest(name + (stale ? " (stale)" : " (sync)"));
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    const double lr = seed % 3 == 0 ? 0.5 : 1.0;
    Aggregator aggregator(tests::rule_config(name, lr));
    const Case made = make_case(name, aggregator, seed, stale);
    const auto next = aggregator.fold(*made.current, made.items, {1}, seed).next;
    REQUIRE(next);
    const double error = distance(dense_effect(*next), dense_step(*made.current, made.items, lr)) /
                         magnitude(*made.current, made.items);
    CHECK(largest.add(error) < tolerance);
  }
}

void check_best(const std::string& name, const std::string& split, bool stale) {
  LargestError largest(name + " " + split + (stale ? " (stale)" : " (sync)"));
  LargestError matrices(name + " " + split + " as matrices" + (stale ? " (stale)" : " (sync)"));
  for (std::uint64_t seed = 100; seed < 100 + kCases; ++seed) {
    CAPTURE(seed);
    const double lr = seed % 3 == 0 ? 0.5 : 1.0;
    AggregationConfig config = tests::rule_config(name, lr);
    config.lora_split = split;
    Aggregator aggregator(config);
    const Case made = make_case(name, aggregator, seed, stale);
    Dense target = dense_step(*made.current, made.items, lr);
    if (name == "hlora") {
      target = dense_products(*made.current);
      for (const auto& item : made.items) {
        add(target, lr * item.weight, dense_products(*item.adapter));
        add(target, -lr * item.weight, dense_products(*made.current));
      }
    }
    const auto folded = aggregator.fold(*made.current, made.items, {1}, seed);
    REQUIRE(folded.next);
    const Dense best = dense_best(target, *made.current->layout);
    const double size = magnitude(*made.current, made.items);
    // Where sigma_r and sigma_{r+1} are close, other matrices are as good as the best one.
    const double worse = distance(target, dense_products(*folded.next)) - distance(target, best);
    CHECK(largest.add(std::abs(worse) / size) < 1e-6);
    if (dense_gap(target, *made.current->layout) > 0.02) {
      CHECK(matrices.add(distance(dense_products(*folded.next), best) / size) < 1e-6);
    }
    const double lost = distance(target, best) / norm(target);
    CHECK(std::abs(*folded.report.reconstruction_error - lost) <= 1e-6);
    CHECK(std::abs(folded.report.dropped_energy - lost * lost) <= 1e-6 * lost * lost + 1e-12);
  }
}

}  // namespace

TEST_CASE("flora's base takes exactly the sum of the products, of any ranks, stale or not") {
  check_exact("flora", false, 1e-6);
  check_exact("flora", true, 1e-6);
}

TEST_CASE("fedex's factors and base together are exactly the sum of the products") {
  check_exact("fedex", false, 1e-6);
  check_exact("fedex", true, 1e-6);
}

TEST_CASE("ffa's average is the average of the products, for A is shared") {
  LargestError largest("ffa");
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    Aggregator aggregator(tests::rule_config("ffa"));
    Case made = make_case("ffa", aggregator, seed, false);
    const auto next = aggregator.fold(*made.current, made.items, {1}, seed).next;
    REQUIRE(next);
    for (std::size_t i = 0; i < next->layout->modules().size(); ++i) {
      CHECK(std::equal(next->a(i).begin(), next->a(i).end(), made.current->a(i).begin()));
    }
    // An update of zeros has another A than its anchor; the server knows only its B.
    for (FoldItem& item : made.items) {
      auto seen = std::make_shared<model::Adapter>(*item.adapter);
      for (std::size_t i = 0; i < next->layout->modules().size(); ++i)
        std::copy(item.anchor->a(i).begin(), item.anchor->a(i).end(), seen->a(i).begin());
      item.adapter = seen;
    }
    const double error = distance(dense_effect(*next), dense_step(*made.current, made.items)) /
                         magnitude(*made.current, made.items);
    CHECK(largest.add(error) < 1e-6);
  }
}

TEST_CASE("fedit, fedsa and rolora average the factors that updates carry, and only those") {
  for (const std::string name : {"fedit", "fedsa", "rolora"}) {
    LargestError largest(name);
    for (const bool stale : {false, true}) {
      for (std::uint64_t seed = 0; seed < kCases; ++seed) {
        CAPTURE(name);
        CAPTURE(seed);
        Aggregator aggregator(tests::rule_config(name, 0.7));
        const Case made = make_case(name, aggregator, seed, stale);
        const auto next = aggregator.fold(*made.current, made.items, {1}, seed).next;
        REQUIRE(next);
        double error = 0.0;
        double size = 0.0;
        for (std::size_t i = 0; i < next->layout->modules().size(); ++i) {
          for (const bool b : {false, true}) {
            const auto values = b ? next->b(i) : next->a(i);
            for (std::size_t j = 0; j < values.size(); ++j) {
              const auto at = [&](const model::Adapter& adapter) {
                return static_cast<double>(b ? adapter.b(i)[j] : adapter.a(i)[j]);
              };
              double expected = at(*made.current);
              for (const FoldItem& item : made.items) {
                const bool odd = item.trained_from.value % 2 == 1;
                const bool counts =
                    name == "fedit" || (name == "fedsa" && !b) || (name == "rolora" && b != odd);
                if (counts) {
                  expected += 0.7 * item.weight * (at(*item.adapter) - at(*item.anchor));
                }
              }
              error = std::max(error, std::abs(expected - static_cast<double>(values[j])));
              size = std::max(size, std::abs(expected));
            }
          }
        }
        CHECK(largest.add(error / size) < 1e-6);
      }
    }
  }
}

TEST_CASE("hetlora averages zero-padded factors by the norms of the products") {
  for (const std::string weighting : {"norm", "weighting"}) {
    LargestError largest("hetlora " + weighting);
    for (std::uint64_t seed = 0; seed < kCases; ++seed) {
      CAPTURE(seed);
      AggregationConfig config = tests::rule_config("hetlora");
      config.hetlora_weighting = weighting;
      Aggregator aggregator(config);
      const Case made = make_case("hetlora", aggregator, seed, false);
      const auto next = aggregator.fold(*made.current, made.items, {1}, seed).next;
      REQUIRE(next);
      std::vector<double> weights;
      for (const FoldItem& item : made.items) {
        weights.push_back(weighting == "norm" ? norm(dense_products(*item.adapter)) : item.weight);
      }
      const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
      double error = 0.0;
      double size = 0.0;
      for (std::size_t i = 0; i < next->layout->modules().size(); ++i) {
        const auto& module = next->layout->modules()[i];
        for (std::int64_t r = 0; r < module.rank; ++r) {
          for (std::int64_t j = 0; j < module.in + module.out; ++j) {
            const bool in_a = j < module.in;
            double expected = 0.0;
            for (std::size_t k = 0; k < made.items.size(); ++k) {
              const model::Adapter& own = *made.items[k].adapter;
              const auto& shape = own.layout->modules()[i];
              if (r >= shape.rank || total == 0.0) continue;
              const double value =
                  in_a ? own.a(i)[static_cast<std::size_t>(r * shape.in + j)]
                       : own.b(i)[static_cast<std::size_t>((j - module.in) * shape.rank + r)] *
                             shape.scale() / module.scale();
              expected += weights[k] / total * value;
            }
            const double value =
                in_a ? next->a(i)[static_cast<std::size_t>(r * module.in + j)]
                     : next->b(i)[static_cast<std::size_t>((j - module.in) * module.rank + r)];
            error = std::max(error, std::abs(expected - value));
            size = std::max(size, std::abs(expected));
          }
        }
      }
      if (size > 0.0 && total > 0.0) CHECK(largest.add(error / size) < 1e-6);
    }
  }
}

TEST_CASE("hlora and product give the best approximation of their sums") {
  for (const std::string split : {"balanced", "b"}) {
    check_best("hlora", split, false);
    check_best("product", split, false);
    check_best("product", split, true);
  }
}
