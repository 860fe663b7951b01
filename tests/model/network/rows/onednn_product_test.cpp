#include "model/network/rows/onednn_product.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/network/rows/row_kernels.hpp"
#include "partition/support/random.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

/// Values of a matrix that bfloat16 holds.
struct Values {
  std::vector<float> wide;
  std::vector<std::uint16_t> narrow;

  Values(std::int64_t count, std::uint64_t seed)
      : wide(static_cast<std::size_t>(count)), narrow(wide.size()) {
    Random random(seed, Purpose::sample);
    for (float& value : wide)
      value = static_cast<float>(static_cast<int>(random.uniform() * 255.0) - 127) / 64.0f;
    round_to_bfloat16(wide.data(), narrow.data(), count);
  }
  [[nodiscard]] const void* data(bool rounded) const {
    return rounded ? static_cast<const void*>(narrow.data()) : wide.data();
  }
};

struct ProductCase {
  std::int64_t out, in;
  Direction direction;
  bool rounded;
};

constexpr std::int64_t kRows = 300;

class Products {
 public:
  explicit Products(const ProductCase& own)
      : own_(own), x_(kRows * depth(), 1), weight_(own.out * own.in, 2), bias_(own.out, 3) {}

  /// Of all rows, so many at a time.
  std::vector<float> by(std::int64_t step, const PackedWeights* packed = nullptr) const {
    std::vector<float> y(static_cast<std::size_t>(kRows * width()), -1.0f);
    const auto* x = static_cast<const std::byte*>(x_.data(own_.rounded));
    for (std::int64_t first = 0; first < kRows; first += step) {
      MatrixProduct product;
      product.x = x + first * depth() * (own_.rounded ? 2 : 4);
      product.weight = weight_.data(own_.rounded);
      product.packed = packed;
      if (own_.direction == Direction::forward) product.bias = bias_.wide.data();
      product.y = y.data() + first * width();
      product.rows = std::min(step, kRows - first);
      product.out = own_.out;
      product.in = own_.in;
      product.direction = own_.direction;
      product.rounded = own_.rounded;
      multiply(product);
    }
    return y;
  }

  [[nodiscard]] double exact(std::int64_t row, std::int64_t column) const {
    const bool forward = own_.direction == Direction::forward;
    double sum = forward ? bias_.wide[static_cast<std::size_t>(column)] : 0.0;
    for (std::int64_t k = 0; k < depth(); ++k) {
      const std::int64_t at = forward ? column * own_.in + k : k * own_.in + column;
      sum += static_cast<double>(x_.wide[static_cast<std::size_t>(row * depth() + k)]) *
             weight_.wide[static_cast<std::size_t>(at)];
    }
    return sum;
  }

  [[nodiscard]] const void* weight() const { return weight_.data(own_.rounded); }
  [[nodiscard]] std::int64_t width() const {
    return own_.direction == Direction::forward ? own_.out : own_.in;
  }

 private:
  [[nodiscard]] std::int64_t depth() const {
    return own_.direction == Direction::forward ? own_.in : own_.out;
  }

  ProductCase own_;
  Values x_;
  Values weight_;
  Values bias_;
};

}  // namespace

TEST_CASE("oneDNN's products are right, whatever the number of rows and the layout") {
  if (!onednn_serves()) return;
  for (const Direction direction : {Direction::forward, Direction::backward}) {
    for (const bool rounded : {true, false}) {
      CAPTURE(static_cast<int>(direction));
      CAPTURE(rounded);
      const ProductCase own{96, 160, direction, rounded};
      const Products products(own);
      const std::vector<float> whole = products.by(kRows);
      for (const std::int64_t row : {std::int64_t{0}, std::int64_t{255}, kRows - 1}) {
        for (std::int64_t column = 0; column < products.width(); ++column) {
          // The terms are whole numbers of 2^-12, the sums below 2^10: exact in float32.
          REQUIRE(whole[static_cast<std::size_t>(row * products.width() + column)] ==
                  products.exact(row, column));
        }
      }
      for (const std::int64_t step : {1, 7, 16, 40, 256})
        CHECK(products.by(step) == whole);
      if (!rounded) continue;
      const PackedWeights packed(products.weight(), own.out, own.in);
      for (const std::int64_t step : {std::int64_t{7}, kRows})
        CHECK(products.by(step, &packed) == whole);
    }
  }
}

TEST_CASE("a row's bits depend neither on the others nor on the layout") {
  if (!onednn_serves()) return;
  constexpr std::int64_t kOut = 512, kIn = 1100, kMany = 1100;
  Random random(4, Purpose::sample);
  std::vector<std::uint16_t> weight(kOut * kIn), x(kMany * kIn);
  for (auto* values : {&weight, &x}) {
    for (auto& value : *values) {
      const auto own = static_cast<float>(random.normal());
      round_to_bfloat16(&own, &value, 1);
    }
  }
  const PackedWeights packed(weight.data(), kOut, kIn);
  for (const Direction direction : {Direction::forward, Direction::backward}) {
    MatrixProduct product;
    product.weight = weight.data();
    product.out = kOut;
    product.in = kIn;
    product.direction = direction;
    const auto by = [&](std::int64_t step, bool packs) {
      std::vector<float> y(static_cast<std::size_t>(kMany * product.width()));
      for (std::int64_t first = 0; first < kMany; first += step) {
        product.x = x.data() + first * product.depth();
        product.y = y.data() + first * product.width();
        product.rows = std::min(step, kMany - first);
        product.packed = packs ? &packed : nullptr;
        multiply(product);
      }
      return y;
    };
    const std::vector<float> whole = by(kMany, true);
    CHECK(by(kMany, false) == whole);
    for (const std::int64_t step : {13, 112, 300})
      CHECK(by(step, step != 112) == whole);
  }
}
