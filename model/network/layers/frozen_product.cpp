#include "model/network/layers/frozen_product.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <tuple>

#include "model/device/device.hpp"
#include "model/device/out_of_memory.hpp"
#include "model/network/kernels/trials.hpp"
#include "model/network/rows/onednn_product.hpp"
#include "model/network/rows/rounding.hpp"

namespace lorafleet::model {
namespace {

at::Tensor by_onednn(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     const PackedWeights* packed, Direction direction) {
  MatrixProduct product;
  product.rows = x.size(0);
  product.out = weight.size(0);
  product.in = weight.size(1);
  product.direction = direction;
  product.rounded = weight.scalar_type() == at::kBFloat16;
  const bool rounds = product.rounded && x.scalar_type() == at::kFloat;
  const at::Tensor rows = rounds ? as_bfloat16(x) : x.contiguous();
  at::Tensor y = at::empty(
      {product.rows, direction == Direction::forward ? product.out : product.in}, at::kFloat);
  product.threads = at::get_num_threads();
  product.x = rows.data_ptr();
  product.weight = weight.data_ptr();
  product.packed = packed;
  product.bias = bias.defined() ? bias.data_ptr<float>() : nullptr;
  product.y = y.data_ptr<float>();
  multiply(product);
  return y;
}

/// OpenBLAS lays out the whole matrix for each product, which takes longer than so few rows: 16 of
/// them as they are generated take 0.6 of the time (AVX-512). With more, oneDNN gains nothing.
bool by_onednn_while_thin(const at::Tensor& x, const at::Tensor& weight) {
  constexpr std::int64_t kRows = 64;
  return x.size(0) <= kRows && weight.scalar_type() == at::kFloat &&
         computes_on_host(weight.device()) && onednn_serves();
}

/// `to` = x matrix, and the bias where there is one.
void product_into(at::Tensor to, const at::Tensor& x, const at::Tensor& matrix,
                  const at::Tensor& bias) {
  bias.defined() ? at::addmm_out(to, bias, x, matrix) : at::mm_out(to, x, matrix);
}

/// The same, a number of rows at a time.
at::Tensor product_by(std::int64_t step, const at::Tensor& x, const at::Tensor& matrix,
                      const at::Tensor& bias) {
  at::Tensor y = at::empty({x.size(0), matrix.size(1)}, x.options());
  for (std::int64_t first = 0; first < x.size(0); first += step)
    product_into(y.narrow(0, first, step), x.narrow(0, first, step), matrix, bias);
  return y;
}

/// Whether a product of several blocks of rows at once gives each the bits that it gets alone; how
/// a library adds does not depend on what it adds.
bool same_at_once(std::int64_t blocks, std::int64_t block, const at::Tensor& matrix,
                  const at::Tensor& bias) {
  const std::int64_t rows = blocks * block;
  const at::Tensor x = at::arange(rows * matrix.size(0), matrix.options().dtype(at::kFloat))
                           .mul_(0.37)
                           .sin_()
                           .view({rows, matrix.size(0)})
                           .to(matrix.scalar_type());
  return product_by(rows, x, matrix, bias).equal(product_by(block, x, matrix, bias));
}

/// How many of these blocks of rows the next product with this matrix may take.
std::int64_t blocks_at_once(std::int64_t left, std::int64_t block, const at::Tensor& matrix,
                            const at::Tensor& bias) {
  static Trials trials;
  for (const std::int64_t blocks : {4, 2}) {
    if (blocks > left) continue;
    Trials::Key key = {matrix.device().index(), static_cast<std::int64_t>(matrix.scalar_type()),
                       bias.defined(), blocks};
    key.insert(key.end(), matrix.sizes().begin(), matrix.sizes().end());
    key.insert(key.end(), matrix.strides().begin(), matrix.strides().end());
    try {
      if (trials.of(key, [&] { return same_at_once(blocks, block, matrix, bias); }) != 0)
        return blocks;
    } catch (const c10::Error& error) {
      if (!is_out_of_memory(error)) throw;
      return 1;  // the trial takes more than the product
    }
  }
  return 1;
}

/// For each row of x [rows, in] a power of two, the first above its largest value: [rows, 1].
at::Tensor scales_of_rows(const at::Tensor& x) {
  const at::Tensor largest = x.abs().amax(1, /*keepdim=*/true);
  const at::Tensor scale = largest / std::get<0>(at::frexp(largest));
  return at::where(scale.isfinite().logical_and(largest.gt(0)), scale, at::ones_like(scale));
}

/// x [rows, in] times a matrix [in, out] of any type, in x's type. A bias of the matrix's type is
/// added by the product.
at::Tensor in_blocks(const at::Tensor& x, const at::Tensor& matrix, const at::Tensor& bias = {}) {
  // float16 ends at 65,504 and at 6e-8, which gradients of single tokens are below.
  const bool scaled = matrix.scalar_type() == at::kHalf;
  const at::Tensor scale = scaled ? scales_of_rows(x) : at::Tensor();
  const at::Tensor own = (scaled ? x / scale : x).to(matrix.scalar_type());
  const bool fused = !scaled && bias.defined() && bias.scalar_type() == matrix.scalar_type();
  const std::int64_t block = product_rows(x.device());
  const std::int64_t rows = own.size(0);
  const at::Tensor inner = fused ? bias : at::Tensor();
  at::Tensor y;
  if (rows % block != 0 || rows == block) {
    y = product_by(rows, own, matrix, inner);
  } else {
    y = at::empty({rows, matrix.size(1)}, own.options());
    for (std::int64_t first = 0; first < rows;) {
      const std::int64_t step =
          block * blocks_at_once((rows - first) / block, block, matrix, inner);
      product_into(y.narrow(0, first, step), own.narrow(0, first, step), matrix, inner);
      first += step;
    }
  }
  if (scaled) y = y.to(at::kFloat).mul_(scale);
  if (bias.defined() && !fused) return y.to(x.scalar_type()).add_(bias);
  return y.to(x.scalar_type());
}

}  // namespace

bool rounds_rows(const FrozenMatrix& weight) {
  return weight.scalar_type() == at::kBFloat16 && computes_on_host(weight.device()) &&
         onednn_serves();
}

std::shared_ptr<const PackedWeights> packed_weights(const FrozenMatrix& weight) {
  if (!rounds_rows(weight) || !weight.plain().defined()) return nullptr;
  return std::make_shared<const PackedWeights>(weight.plain().data_ptr(), weight.size(0),
                                               weight.size(1));
}

std::int64_t product_rows(const at::Device& device) {
  // On CPUs only tests ask. OpenBLAS's Haswell kernels add rows differently by where they lie among
  // more than eight.
  return device.is_cpu() ? 8 : 4096;
}

std::int64_t padded_rows(std::int64_t rows, const at::Device& device) {
  if (computes_on_host(device)) return rows;
  // Whole vectors on CPUs too: what is left over, LibTorch computes by other functions.
  const std::int64_t unit = std::max<std::int64_t>(product_rows(device), 64);
  return (rows + unit - 1) / unit * unit;
}

at::Tensor times_transposed(const at::Tensor& x, const FrozenMatrix& matrix, const at::Tensor& bias,
                            const PackedWeights* packed) {
  const at::Tensor weight = matrix.dense();
  if (rounds_rows(weight) || by_onednn_while_thin(x, weight)) {
    return by_onednn(x, weight, bias, packed, Direction::forward);
  }
  if (computes_on_host(weight.device()) && weight.scalar_type() == at::kFloat) {
    return at::linear(x, weight, bias);
  }
  return in_blocks(x, weight.t(), bias);
}

at::Tensor times(const at::Tensor& g, const FrozenMatrix& matrix, const PackedWeights* packed) {
  const at::Tensor weight = matrix.dense();
  if (rounds_rows(weight)) return by_onednn(g, weight, {}, packed, Direction::backward);
  if (computes_on_host(weight.device()) && weight.scalar_type() == at::kFloat) {
    return at::mm(g, weight);
  }
  return in_blocks(g, weight);
}

}  // namespace lorafleet::model
