#pragma once

#include "partition/support/registry.hpp"

namespace lorafleet::model {

/// train.recompute: whether a layer's values are computed again in the backward pass (Chen et al.,
/// arXiv 1604.06174) instead of being kept. Results are the same, bit for bit.
inline const NamedValues<bool>& recompute_choices() {
  static const NamedValues<bool> kRegistry("train.recompute", {{"none", false}, {"layer", true}});
  return kRegistry;
}

}  // namespace lorafleet::model
