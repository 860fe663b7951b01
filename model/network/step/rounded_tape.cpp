#include "model/network/step/rounded_tape.hpp"

#include <ATen/ATen.h>

#include <cstdint>
#include <utility>

#include "model/network/rows/parallel_rows.hpp"
#include "model/network/rows/row_kernels.hpp"

namespace lorafleet::model {
namespace {

std::uint16_t* bits_of(const at::Tensor& x) {
  return static_cast<std::uint16_t*>(x.data_ptr());
}

at::Tensor as_bfloat16(const at::Tensor& values) {
  const at::Tensor x = values.contiguous();
  const at::Tensor y = at::empty(x.sizes(), at::kBFloat16);
  over_rows(x.size(0), x.size(1), [&](std::int64_t first, std::int64_t count) {
    const std::int64_t at = first * x.size(1);
    round_to_bfloat16(x.data_ptr<float>() + at, bits_of(y) + at, count * x.size(1));
  });
  return y;
}

at::Tensor as_float32(const at::Tensor& x) {
  const at::Tensor y = at::empty(x.sizes(), at::kFloat);
  over_rows(x.size(0), x.size(1), [&](std::int64_t first, std::int64_t count) {
    const std::int64_t at = first * x.size(1);
    widen_bfloat16(bits_of(x) + at, y.data_ptr<float>() + at, count * x.size(1));
  });
  return y;
}

template <typename Conversion>
LayerTape converted(LayerTape tape, const Conversion& convert) {
  const at::Tensor fused = tape.fused;
  for (at::Tensor* own :
       {&tape.x, &tape.fused, &tape.mixed, &tape.attention_output, &tape.sum, &tape.middle,
        &tape.activation.before, &tape.wide, &tape.feed_forward_output, &tape.last_sum}) {
    if (own->defined()) *own = convert(*own);
  }
  for (at::Tensor* own : {&tape.heads.q, &tape.heads.k, &tape.heads.v}) {
    *own = own->is_alias_of(fused)
               ? tape.fused.as_strided(own->sizes(), own->strides(), own->storage_offset())
               : convert(*own);
  }
  return tape;
}

}  // namespace

LayerTape rounded(LayerTape tape) {
  return converted(std::move(tape), as_bfloat16);
}

LayerTape widened(LayerTape tape) {
  return converted(std::move(tape), as_float32);
}

}  // namespace lorafleet::model
