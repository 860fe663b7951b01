#pragma once

#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

/// aggregation.lora_split: how singular values are shared between B and A.
enum class Split {
  balanced,  ///< the square root in both
  b          ///< all in B; A is orthonormal
};
const NamedValues<Split>& splits();

/// aggregation.lora_reinit: A after a version was folded into the base.
enum class Reinit { fresh, initial };
const NamedValues<Reinit>& reinits();

/// aggregation.hetlora_weighting: what an update's weight is.
enum class HetLoraWeighting {
  norm,      ///< the Frobenius norm of its product
  weighting  ///< as aggregation.weighting says
};
const NamedValues<HetLoraWeighting>& hetlora_weightings();

}  // namespace lorafleet::strategy
