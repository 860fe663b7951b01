#pragma once

#include "model/shape.hpp"

namespace lorafleet::model {

/// Useful floating-point operations of one token's forward and backward pass with a frozen base:
/// two for each weight of a matrix product forward, two more for the gradient of its input; none
/// for the gradients of frozen weights. All linear layers of the shape count: attention,
/// feed-forward, projections of a narrower embedding, and the head. A classifier's counts nothing:
/// it is computed once for each sequence.
///
/// A figure of the model alone, so that devices of one run can be compared: it does not know what
/// is adapted, or what the data are. So these are not in it: attention scores (12 L d for each
/// layer at a mean of L tokens seen: 2 % for OPT-125M at 100) and the LoRA factors (12 r d for each
/// adapted d x d layer: 0.4 % with r = 8 on q and v); with both, OPT-125M's 494 million are about
/// 507 million. And it counts what training leaves out: the backward pass
/// below the first adapted layer, and the head of tokens that predict no label (all of it, 31 % for
/// OPT-125M). `lorafleet calibrate` measures with this figure, so its teraflops and the prices
/// agree.
double train_flops_per_token(const ModelShape& shape);

}  // namespace lorafleet::model
