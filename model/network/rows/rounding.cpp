#include "model/network/rows/rounding.hpp"

#include <ATen/ATen.h>

#include <cstdint>

#include "model/network/rows/parallel_rows.hpp"
#include "model/network/rows/row_kernels.hpp"

namespace lorafleet::model {
namespace {

std::uint16_t* bits_of(const at::Tensor& x) {
  return static_cast<std::uint16_t*>(x.data_ptr());
}

}  // namespace

at::Tensor as_bfloat16(const at::Tensor& values) {
  const at::Tensor x = values.contiguous();
  at::Tensor y = at::empty(x.sizes(), at::kBFloat16);
  over_rows(x.numel(), 1, [&](std::int64_t first, std::int64_t count) {
    round_to_bfloat16(x.data_ptr<float>() + first, bits_of(y) + first, count);
  });
  return y;
}

at::Tensor as_float32(const at::Tensor& rounded) {
  const at::Tensor x = rounded.contiguous();
  at::Tensor y = at::empty(x.sizes(), at::kFloat);
  over_rows(x.numel(), 1, [&](std::int64_t first, std::int64_t count) {
    widen_bfloat16(bits_of(x) + first, y.data_ptr<float>() + first, count);
  });
  return y;
}

}  // namespace lorafleet::model
