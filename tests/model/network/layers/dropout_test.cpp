#include "model/network/layers/dropout.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/network/rows/drop_entries.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/padded_batch.hpp"
#include "tests/model/random_adapter.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

Random stream(std::uint64_t client = 1, std::uint64_t seq = 2) {
  return {42, Purpose::lora_dropout, client, seq};
}

std::vector<float> mask(Dropout& dropout, std::size_t size) {
  std::vector<float> values(size, -1.0f);
  dropout.fill(values);
  return values;
}

}  // namespace

TEST_CASE("a mask follows from two draws") {
  Random draws = stream();
  Dropout dropout(0.25, stream());
  for (const std::size_t size : {5, 4, 1}) {
    std::vector<float> expected(size, 1.0f);
    const std::uint64_t key = draws.bits();
    drop_entries(expected, {key, draws.bits()}, 0.25);
    CHECK(mask(dropout, size) == expected);
  }
}

TEST_CASE("the share of what is dropped is the probability") {
  const std::size_t size = 200'000;
  for (const double probability : {0.05, 0.5, 0.9}) {
    Dropout dropout(probability, stream());
    const std::vector<float> values = mask(dropout, size);
    const auto dropped = static_cast<double>(std::count(values.begin(), values.end(), 0.0f));
    const double deviation = std::sqrt(probability * (1.0 - probability) / size);
    CHECK(std::abs(dropped / size - probability) < 4.0 * deviation);
    CHECK(*std::max_element(values.begin(), values.end()) ==
          static_cast<float>(1.0 / (1.0 - probability)));
  }
  CHECK_FALSE(Dropout(0.0, stream()).active());
  CHECK_FALSE(Dropout().active());
  CHECK(Dropout(0.1, stream()).active());
}

TEST_CASE("queries, keys and values draw their masks in this order") {
  // One sequence without padding: the padded form draws masks of the same sizes, q, k, v each
  // layer.
  const GoldenOpt golden("opt_prenorm");
  PaddedBatch padded{1, 24, {}, {}, {}};
  Random random(10, Purpose::sample);
  for (int i = 0; i < 24; ++i) {
    padded.tokens.push_back(static_cast<std::int64_t>(random.below(512)));
    padded.mask.push_back(1);
    padded.labels.push_back(padded.tokens.back());
  }
  const PackedBatch packed = unpad(padded).batch;
  const Adapter adapter =
      random_adapter(golden.base().shape(), lora_on({"q_proj", "k_proj", "v_proj"}));
  const Dropout dropout(0.3, stream());
  const LossAndGradient ours = packed_loss(golden.base(), adapter, packed, dropout);
  const LossAndGradient theirs = padded_loss_of(golden.base(), adapter, padded, dropout);
  CHECK(ours.loss == doctest::Approx(theirs.loss).epsilon(1e-6).scale(0.0));
  CHECK(largest_relative_difference(*adapter.layout, ours.gradient, theirs.gradient) <= 5e-5);
  const Dropout other(0.3, stream(1, 3));
  const LossAndGradient others = packed_loss(golden.base(), adapter, packed, other);
  CHECK(largest_relative_difference(*adapter.layout, ours.gradient, others.gradient) > 0.01);
}
