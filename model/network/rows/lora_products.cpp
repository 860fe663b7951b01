#include "model/network/rows/lora_products.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

#include "model/network/rows/instruction_sets.hpp"
#include "model/network/rows/small_product.hpp"

namespace lorafleet::model {
namespace {

/// Rows that stay in the cache while columns of them are gone through one after the other.
constexpr std::int64_t kRows = 256;

/// Calls f(first, count) for one block of rows after the other.
template <typename Function>
void in_row_blocks(std::int64_t rows, const Function& f) {
  for (std::int64_t first = 0; first < rows; first += kRows) {
    f(first, std::min(kRows, rows - first));
  }
}

/// Calls f(first, count) for parts of the columns, on all threads of the caller's team.
template <typename Function>
void over_columns(std::int64_t columns, std::int64_t rows, const Function& f) {
  constexpr std::int64_t kUnit = 4 * kLanes;
  constexpr std::int64_t kEntries = 32768;  // less is not worth another thread
  const std::int64_t grain = kEntries / (kUnit * std::max<std::int64_t>(1, rows)) + 1;
  at::parallel_for(0, (columns + kUnit - 1) / kUnit, grain,
                   [&](std::int64_t begin, std::int64_t end) {
                     const std::int64_t first = begin * kUnit;
                     f(first, std::min(end * kUnit, columns) - first);
                   });
}

}  // namespace

LoraProducts::LoraProducts(const float* a, const float* b, std::int64_t rank, std::int64_t in,
                           std::int64_t out, double scale)
    : a_(a),
      rank_(rank),
      in_(in),
      out_(out),
      columns_(whole_vectors(rank)),
      scale_(static_cast<float>(scale)),
      a_transposed_(static_cast<std::size_t>(in * columns_)),
      b_transposed_(static_cast<std::size_t>(rank * out)),
      b_(static_cast<std::size_t>(out * columns_)) {
  for (std::int64_t r = 0; r < rank; ++r) {
    for (std::int64_t j = 0; j < in; ++j) {
      a_transposed_[static_cast<std::size_t>(j * columns_ + r)] = a[r * in + j];
    }
  }
  for (std::int64_t i = 0; i < out; ++i) {
    for (std::int64_t r = 0; r < rank; ++r) {
      const float own = scale_ * b[i * rank + r];
      b_transposed_[static_cast<std::size_t>(r * out + i)] = own;
      b_[static_cast<std::size_t>(i * columns_ + r)] = own;
    }
  }
}

void LoraProducts::narrow(const ConstRows& x, std::int64_t rows, float* low) const {
  small_product(rows, columns_, in_, {x.data, x.stride, 1}, {a_transposed_.data(), columns_},
                {low, columns_}, false);
}

void LoraProducts::widen(const float* low, std::int64_t rows, const MutableRows& y) const {
  small_product(rows, out_, rank_, {low, columns_, 1}, {b_transposed_.data(), out_}, y, true);
}

void LoraProducts::narrow_gradient(const ConstRows& g, std::int64_t rows, float* grad_low) const {
  small_product(rows, columns_, out_, {g.data, g.stride, 1}, {b_.data(), columns_},
                {grad_low, columns_}, false);
}

void LoraProducts::widen_gradient(const float* grad_low, std::int64_t rows,
                                  const MutableRows& grad_x) const {
  small_product(rows, in_, rank_, {grad_low, columns_, 1}, {a_, in_}, grad_x, true);
}

void LoraProducts::factor_a(const float* grad_low, const ConstRows& x, std::int64_t rows,
                            float* grad_a) const {
  over_columns(in_, rows, [&](std::int64_t column, std::int64_t width) {
    in_row_blocks(rows, [&](std::int64_t first, std::int64_t count) {
      small_product(rank_, width, count, {grad_low + first * columns_, 1, columns_},
                    {x.data + first * x.stride + column, x.stride}, {grad_a + column, in_},
                    first > 0);
    });
  });
}

void LoraProducts::factor_b(const ConstRows& g, const float* low, std::int64_t rows,
                            float* grad_b) const {
  std::vector<float> transposed(static_cast<std::size_t>(rank_ * out_));
  over_columns(out_, rows, [&](std::int64_t column, std::int64_t width) {
    in_row_blocks(rows, [&](std::int64_t first, std::int64_t count) {
      small_product(rank_, width, count, {low + first * columns_, 1, columns_},
                    {g.data + first * g.stride + column, g.stride},
                    {transposed.data() + column, out_}, true);
    });
  });
  for (std::int64_t i = 0; i < out_; ++i) {
    for (std::int64_t r = 0; r < rank_; ++r) {
      grad_b[i * rank_ + r] = scale_ * transposed[static_cast<std::size_t>(r * out_ + i)];
    }
  }
}

}  // namespace lorafleet::model
