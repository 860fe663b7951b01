#include "model/network/layers/frozen_product.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

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

at::Tensor times_transposed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const PackedWeights* packed) {
  if (rounds_rows(weight)) return by_onednn(x, weight, bias, packed, Direction::forward);
  if (weight.scalar_type() == at::kFloat) return at::linear(x, weight, bias);
  at::Tensor y = at::linear(x.to(weight.scalar_type()), weight).to(at::kFloat);
  return bias.defined() ? y.add_(bias) : y;
}

at::Tensor times(const at::Tensor& g, const at::Tensor& weight, const PackedWeights* packed) {
  if (rounds_rows(weight)) return by_onednn(g, weight, {}, packed, Direction::backward);
  return weight.scalar_type() == at::kFloat
             ? at::mm(g, weight)
             : at::mm(g.to(weight.scalar_type()), weight).to(at::kFloat);
}

}  // namespace lorafleet::model
