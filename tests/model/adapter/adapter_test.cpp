#include "model/adapter/adapter.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace lorafleet::model;

namespace {

LayoutPtr layout_of(std::vector<LoraModule> modules) {
  return std::make_shared<const AdapterLayout>(std::move(modules));
}

LayoutPtr small_layout() {
  return layout_of({{"q", 3, 5, 2, 4.0, false}, {"v", 4, 4, 1, 4.0, false}});
}

}  // namespace

TEST_CASE("the scale is alpha over the rank, or over its root with rsLoRA") {
  LoraModule module{"m", 8, 8, 16, 32.0, false};
  CHECK(module.scale() == 2.0);
  module.use_rslora = true;
  CHECK(module.scale() == 8.0);
}

TEST_CASE("factors lie one behind the other: A then B, module by module") {
  const auto layout = small_layout();
  CHECK(layout->a_offset(0) == 0);
  CHECK(layout->a_size(0) == 6);
  CHECK(layout->b_offset(0) == 6);
  CHECK(layout->b_size(0) == 10);
  CHECK(layout->a_offset(1) == 16);
  CHECK(layout->b_offset(1) == 20);
  CHECK(layout->size() == 24);
  CHECK(layout->message_bytes() == 96);
  Adapter adapter{layout, std::vector<float>(24)};
  for (std::size_t i = 0; i < 24; ++i) {
    adapter.values[i] = static_cast<float>(i);
  }
  CHECK(adapter.b(0).front() == 6.0f);
  CHECK(adapter.a(1).front() == 16.0f);
  CHECK(adapter.b(1).back() == 23.0f);
}

TEST_CASE("the initial adapter has A within 1/sqrt(in), B zero and depends on seed and module") {
  const auto layout = layout_of({{"q", 64, 32, 8, 4.0, false}, {"v", 64, 32, 8, 4.0, false}});
  const Adapter adapter = initial_adapter(layout, 7);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto a = adapter.a(i);
    CHECK(std::ranges::all_of(a, [](float x) { return std::abs(x) <= 0.125f; }));
    CHECK(*std::ranges::max_element(a) > 0.12f);
    CHECK(*std::ranges::min_element(a) < -0.12f);
    // The variance of a uniform in ±1/8 is 1/192.
    CHECK(l2_norm(a) * l2_norm(a) / 512.0 == doctest::Approx(1.0 / 192.0).epsilon(0.15));
    CHECK(std::ranges::all_of(adapter.b(i), [](float x) { return x == 0.0f; }));
  }
  CHECK_FALSE(std::ranges::equal(adapter.a(0), adapter.a(1)));
  CHECK(initial_adapter(layout, 7).values == adapter.values);
  CHECK(initial_adapter(layout, 8).values != adapter.values);
}

TEST_CASE("a norm is that computed by hand") {
  CHECK(l2_norm(std::vector<float>{3.0f, -4.0f}) == 5.0);
  CHECK(l2_norm(std::vector<float>{}) == 0.0);
}

TEST_CASE("one infinite or undefined value is noticed") {
  Adapter adapter = initial_adapter(small_layout(), 1);
  CHECK(all_finite(adapter));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    Adapter spoiled = adapter;
    spoiled.values.back() = bad;
    CHECK_FALSE(all_finite(spoiled));
  }
}

TEST_CASE("the hash depends on names, shapes and every value") {
  const Adapter adapter = initial_adapter(small_layout(), 1);
  std::set<std::string> hashes = {sha256(adapter)};
  CHECK(hashes.begin()->size() == 64);
  for (std::size_t i = 0; i < adapter.values.size(); ++i) {
    Adapter changed = adapter;
    changed.values[i] = std::nextafter(changed.values[i], 1.0f);
    hashes.insert(sha256(changed));
  }
  CHECK(hashes.size() == adapter.values.size() + 1);
  auto modules = adapter.layout->modules();
  modules[0].name = "k";
  hashes.insert(sha256({layout_of(modules), adapter.values}));
  // The same number of values in other shapes.
  modules = adapter.layout->modules();
  std::swap(modules[0].in, modules[0].out);
  hashes.insert(sha256({layout_of(modules), adapter.values}));
  CHECK(hashes.size() == adapter.values.size() + 3);
  CHECK(sha256(initial_adapter(small_layout(), 1)) == sha256(adapter));
}
