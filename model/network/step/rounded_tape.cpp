#include "model/network/step/rounded_tape.hpp"

#include <ATen/ATen.h>

#include <utility>

#include "model/network/rows/rounding.hpp"

namespace lorafleet::model {
namespace {

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
