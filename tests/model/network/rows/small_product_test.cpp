#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "model/network/rows/lora_products.hpp"
#include "model/network/rows/small_product.hpp"
#include "partition/support/random.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

std::vector<float> random_values(std::int64_t size, Random& random) {
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float& value : values) {
    value = static_cast<float>(random.normal());
  }
  return values;
}

/// sum_k a(i, k) b(k, j) in double precision.
template <typename A, typename B>
double entry(std::int64_t terms, const A& a, const B& b) {
  double sum = 0.0;
  for (std::int64_t k = 0; k < terms; ++k) {
    sum += static_cast<double>(a(k)) * static_cast<double>(b(k));
  }
  return sum;
}

double tolerance(std::int64_t terms) {
  return 1e-6 * std::sqrt(static_cast<double>(terms)) + 1e-6;
}

}  // namespace

TEST_CASE("a small product is the sum of its terms, at every size and either way round") {
  Random random(1, Purpose::sample);
  for (const std::int64_t m : {1, 3, 4, 8, 13}) {
    for (const std::int64_t n : {1, 15, 16, 17, 32, 51}) {
      for (const std::int64_t k : {1, 7, 64}) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        const auto a = random_values(m * k, random);
        const auto b = random_values(k * n, random);
        const auto before = random_values(m * n, random);
        std::vector<float> transposed(a.size());
        for (std::int64_t i = 0; i < m; ++i) {
          for (std::int64_t j = 0; j < k; ++j) {
            transposed[static_cast<std::size_t>(j * m + i)] =
                a[static_cast<std::size_t>(i * k + j)];
          }
        }
        std::vector<float> plain = before, other = before, added = before;
        small_product(m, n, k, {a.data(), k, 1}, {b.data(), n}, {plain.data(), n}, false);
        small_product(m, n, k, {transposed.data(), 1, m}, {b.data(), n}, {other.data(), n}, false);
        small_product(m, n, k, {a.data(), k, 1}, {b.data(), n}, {added.data(), n}, true);
        CHECK(plain == other);
        double worst = 0.0;
        for (std::int64_t i = 0; i < m; ++i) {
          for (std::int64_t j = 0; j < n; ++j) {
            const double own = entry(
                k, [&](std::int64_t l) { return a[static_cast<std::size_t>(i * k + l)]; },
                [&](std::int64_t l) { return b[static_cast<std::size_t>(l * n + j)]; });
            const auto at = static_cast<std::size_t>(i * n + j);
            worst = std::max(worst, std::abs(plain[at] - own));
            worst = std::max(worst, std::abs(added[at] - own - before[at]));
          }
        }
        CHECK(worst < tolerance(k));
      }
    }
  }
}

TEST_CASE("an entry's bits do not depend on the rows and columns computed beside it") {
  Random random(2, Purpose::sample);
  constexpr std::int64_t kRows = 19, kColumns = 70, kTerms = 33;
  const auto a = random_values(kRows * kTerms, random);
  const auto b = random_values(kTerms * kColumns, random);
  std::vector<float> whole(kRows * kColumns);
  small_product(kRows, kColumns, kTerms, {a.data(), kTerms, 1}, {b.data(), kColumns},
                {whole.data(), kColumns}, false);
  for (std::int64_t i = 0; i < kRows; ++i) {
    for (std::int64_t j = 0; j < kColumns; j += 9) {
      float own = 0.0f;
      small_product(1, 1, kTerms, {a.data() + i * kTerms, kTerms, 1}, {b.data() + j, kColumns},
                    {&own, 1}, false);
      CHECK(own == whole[static_cast<std::size_t>(i * kColumns + j)]);
    }
  }
}

TEST_CASE("LoRA's six products are those of their formulas, whatever the rank") {
  Random random(3, Purpose::sample);
  constexpr std::int64_t kIn = 24, kOut = 40;
  constexpr double kScale = 0.75;
  for (const std::int64_t rank : {1, 4, 16, 20}) {
    for (const std::int64_t rows : {1, 300}) {
      CAPTURE(rank);
      CAPTURE(rows);
      const auto a = random_values(rank * kIn, random);
      const auto b = random_values(kOut * rank, random);
      const auto x = random_values(rows * kIn, random);
      const auto g = random_values(rows * kOut, random);
      const LoraProducts products(a.data(), b.data(), rank, kIn, kOut, kScale);
      const std::int64_t columns = products.columns();
      REQUIRE(columns >= rank);
      std::vector<float> low(static_cast<std::size_t>(rows * columns)), grad_low(low.size());
      std::vector<float> y(static_cast<std::size_t>(rows * kOut), 1.0f);
      std::vector<float> grad_x(static_cast<std::size_t>(rows * kIn), 2.0f);
      std::vector<float> grad_a(a.size()), grad_b(b.size());
      products.narrow({x.data(), kIn}, rows, low.data());
      products.widen(low.data(), rows, {y.data(), kOut});
      products.narrow_gradient({g.data(), kOut}, rows, grad_low.data());
      products.widen_gradient(grad_low.data(), rows, {grad_x.data(), kIn});
      products.factor_a(grad_low.data(), {x.data(), kIn}, rows, grad_a.data());
      products.factor_b({g.data(), kOut}, low.data(), rows, grad_b.data());

      const auto at = [](const std::vector<float>& values, std::int64_t i, std::int64_t j,
                         std::int64_t width) {
        return values[static_cast<std::size_t>(i * width + j)];
      };
      const auto close = [](double got, double wanted) {
        return std::abs(got - wanted) <= 2e-5 * (1.0 + std::abs(wanted));
      };
      bool right = true;
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t r = 0; r < rank; ++r) {
          right = right && close(at(low, i, r, columns),
                                 entry(
                                     kIn, [&](std::int64_t k) { return at(x, i, k, kIn); },
                                     [&](std::int64_t k) { return at(a, r, k, kIn); }));
          right =
              right && close(at(grad_low, i, r, columns),
                             kScale * entry(
                                          kOut, [&](std::int64_t k) { return at(g, i, k, kOut); },
                                          [&](std::int64_t k) { return at(b, k, r, rank); }));
        }
        for (std::int64_t j = 0; j < kOut; ++j) {
          right =
              right &&
              close(at(y, i, j, kOut),
                    1.0 + kScale * entry(
                                       rank, [&](std::int64_t k) { return at(low, i, k, columns); },
                                       [&](std::int64_t k) { return at(b, j, k, rank); }));
        }
        for (std::int64_t j = 0; j < kIn; ++j) {
          right = right &&
                  close(at(grad_x, i, j, kIn),
                        2.0 + entry(
                                  rank, [&](std::int64_t k) { return at(grad_low, i, k, columns); },
                                  [&](std::int64_t k) { return at(a, k, j, kIn); }));
        }
      }
      CHECK(right);
      bool gradients = true;
      const double size = static_cast<double>(rows);
      for (std::int64_t r = 0; r < rank; ++r) {
        for (std::int64_t j = 0; j < kIn; ++j) {
          const double wanted = entry(
              rows, [&](std::int64_t k) { return at(grad_low, k, r, columns); },
              [&](std::int64_t k) { return at(x, k, j, kIn); });
          gradients = gradients && std::abs(at(grad_a, r, j, kIn) - wanted) < 1e-4 * size;
        }
        for (std::int64_t j = 0; j < kOut; ++j) {
          const double wanted =
              kScale * entry(
                           rows, [&](std::int64_t k) { return at(g, k, j, kOut); },
                           [&](std::int64_t k) { return at(low, k, r, columns); });
          gradients = gradients && std::abs(at(grad_b, j, r, rank) - wanted) < 1e-4 * size;
        }
      }
      CHECK(gradients);
    }
  }
}
