#include "model/network/layers/frozen_product.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "model/device/device.hpp"
#include "model/network/layers/onednn_product.hpp"
#include "model/network/layers/row_kernels.hpp"

namespace lorafleet::model {
namespace {

at::Tensor rounded(const at::Tensor& x) {
  if (x.scalar_type() == at::kBFloat16) return x;
  at::Tensor result = at::empty(x.sizes(), at::kBFloat16);
  round_to_bfloat16(x.data_ptr<float>(), static_cast<std::uint16_t*>(result.data_ptr()), x.numel());
  return result;
}

at::Tensor by_onednn(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     const PackedWeights* packed, Direction direction) {
  MatrixProduct product;
  product.rows = x.size(0);
  product.out = weight.size(0);
  product.in = weight.size(1);
  product.direction = direction;
  const at::Tensor rows = rounded(x.contiguous());
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

/// x [rows, in] times a matrix [in, out] of any type, in x's type. A bias of the matrix's type is
/// added by the product.
at::Tensor in_blocks(const at::Tensor& x, const at::Tensor& matrix, const at::Tensor& bias = {}) {
  const at::Tensor own = x.to(matrix.scalar_type());
  const bool fused = bias.defined() && bias.scalar_type() == matrix.scalar_type();
  const std::int64_t block = product_rows(x.device());
  const std::int64_t rows = own.size(0);
  at::Tensor y = at::empty({rows, matrix.size(1)}, own.options());
  const std::int64_t step = rows % block == 0 ? block : rows;
  for (std::int64_t first = 0; first < rows; first += step) {
    at::Tensor part = y.narrow(0, first, step);
    const at::Tensor from = own.narrow(0, first, step);
    fused ? at::addmm_out(part, bias, from, matrix) : at::mm_out(part, from, matrix);
  }
  if (bias.defined() && !fused) return y.to(x.scalar_type()).add_(bias);
  return y.to(x.scalar_type());
}

}  // namespace

/// float32 stays with BLAS: oneDNN's products gain nothing in training there (opt-mini, AVX-512:
/// equal within noise, for 150 MB more memory).
bool rounds_rows(const at::Tensor& weight) {
  return weight.scalar_type() == at::kBFloat16 && computes_on_host(weight.device()) &&
         onednn_serves();
}

std::shared_ptr<const PackedWeights> packed_weights(const at::Tensor& weight) {
  if (!rounds_rows(weight)) return nullptr;
  return std::make_shared<const PackedWeights>(weight.data_ptr(), weight.size(0), weight.size(1));
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

at::Tensor times_transposed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const PackedWeights* packed) {
  if (rounds_rows(weight)) return by_onednn(x, weight, bias, packed, Direction::forward);
  if (computes_on_host(weight.device()) && weight.scalar_type() == at::kFloat) {
    return at::linear(x, weight, bias);
  }
  return in_blocks(x, weight.t(), bias);
}

at::Tensor times(const at::Tensor& g, const at::Tensor& weight, const PackedWeights* packed) {
  if (rounds_rows(weight)) return by_onednn(g, weight, {}, packed, Direction::backward);
  if (computes_on_host(weight.device()) && weight.scalar_type() == at::kFloat) {
    return at::mm(g, weight);
  }
  return in_blocks(g, weight);
}

}  // namespace lorafleet::model
