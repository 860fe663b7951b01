#pragma once

#include "model/network/step/layer_pass.hpp"

namespace lorafleet::model {

// Between the passes of a bfloat16 base on the host a layer's values wait in bfloat16, in half the
// memory; the factors' own stay as they are. Internal to model/.

LayerTape rounded(LayerTape tape);

/// As a backward pass reads it.
LayerTape widened(LayerTape tape);

}  // namespace lorafleet::model
