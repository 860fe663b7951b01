#include "tools/pretrain/matrix_products.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdint>

#include "model/network/rows/onednn_product.hpp"
#include "model/network/rows/row_kernels.hpp"

namespace lorafleet::pretrain {
namespace {

using model::Direction;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor rounded(const at::Tensor& x) {
  const at::Tensor rows = x.contiguous();
  at::Tensor result = at::empty(rows.sizes(), at::kBFloat16);
  model::round_to_bfloat16(rows.data_ptr<float>(), static_cast<std::uint16_t*>(result.data_ptr()),
                           rows.numel());
  return result;
}

/// to: [columns, rows], from: [rows, columns]; by squares that stay in the cache.
template <typename T>
void transpose(const T* from, T* to, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t kSide = 32;
  for (std::int64_t top = 0; top < rows; top += kSide) {
    const std::int64_t bottom = std::min(top + kSide, rows);
    for (std::int64_t left = 0; left < columns; left += kSide) {
      const std::int64_t right = std::min(left + kSide, columns);
      for (std::int64_t column = left; column < right; ++column) {
        for (std::int64_t row = top; row < bottom; ++row)
          to[column * rows + row] = from[row * columns + column];
      }
    }
  }
}

/// x: [rows, columns], bfloat16 or float32.
at::Tensor transposed(const at::Tensor& x) {
  at::Tensor result = at::empty({x.size(1), x.size(0)}, x.options());
  if (x.scalar_type() == at::kFloat) {
    transpose(x.data_ptr<float>(), result.data_ptr<float>(), x.size(0), x.size(1));
  } else {
    transpose(static_cast<const std::uint16_t*>(x.data_ptr()),
              static_cast<std::uint16_t*>(result.data_ptr()), x.size(0), x.size(1));
  }
  return result;
}

/// x and weight: bfloat16; y: float32, as Direction says.
void multiply(const at::Tensor& x, const at::Tensor& weight, at::Tensor& y, Direction direction,
              const at::Tensor& bias = {}) {
  model::MatrixProduct product;
  product.x = x.data_ptr();
  product.weight = weight.data_ptr();
  product.bias = bias.defined() ? bias.data_ptr<float>() : nullptr;
  product.y = y.data_ptr<float>();
  product.rows = x.size(0);
  product.out = weight.size(0);
  product.in = weight.size(1);
  product.direction = direction;
  model::multiply(product);
}

/// a^T b: [columns of a, columns of b], of rows of bfloat16.
at::Tensor inner_product(const at::Tensor& a, const at::Tensor& b) {
  at::Tensor result = at::empty({a.size(1), b.size(1)}, at::kFloat);
  multiply(transposed(a), b, result, Direction::backward);
  return result;
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias) {
    const at::Tensor rows = rounded(x);
    const at::Tensor matrix = rounded(weight);
    context->save_for_backward({rows, matrix});
    at::Tensor y = at::empty({x.size(0), weight.size(0)}, x.options());
    multiply(rows, matrix, y, Direction::forward, bias);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &rows = saved[0], &matrix = saved[1];
    const at::Tensor g = rounded(gradients[0]);
    at::Tensor rows_gradient = at::empty(rows.sizes(), at::kFloat);
    multiply(g, matrix, rows_gradient, Direction::backward);
    // The narrower of the two is turned.
    const at::Tensor weight_gradient =
        g.size(1) <= rows.size(1) ? inner_product(g, rows) : transposed(inner_product(rows, g));
    return {rows_gradient, weight_gradient, gradients[0].sum(0)};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return model::onednn_serves() ? LinearFunction::apply(x, weight, bias)
                                : at::linear(x, weight, bias);
}

HeadProducts::HeadProducts(const at::Tensor& weight, bool learns) : weight_(weight) {
  if (model::onednn_serves()) rounded_ = rounded(weight);
  if (!learns) return;
  sum_ = rounded_.defined() ? at::zeros({weight.size(1), weight.size(0)}, weight.options())
                            : at::zeros_like(weight);
}

void HeadProducts::logits(const at::Tensor& hidden, at::Tensor& logits) {
  if (rounded_.defined()) {
    multiply(rounded(hidden), rounded_, logits, Direction::forward);
  } else {
    at::mm_out(logits, hidden, weight_.t());
  }
}

void HeadProducts::backward(const at::Tensor& gradient, const at::Tensor& hidden,
                            at::Tensor& hidden_gradient) {
  if (rounded_.defined()) {
    const at::Tensor g = rounded(gradient);
    multiply(g, rounded_, hidden_gradient, Direction::backward);
    sum_.add_(inner_product(rounded(hidden), g));
  } else {
    at::mm_out(hidden_gradient, gradient, weight_);
    sum_.addmm_(gradient.t(), hidden);
  }
}

at::Tensor HeadProducts::weight_gradient() const {
  return rounded_.defined() ? transposed(sum_) : sum_;
}

}  // namespace lorafleet::pretrain
