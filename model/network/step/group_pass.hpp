#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "model/network/layers/dropout.hpp"
#include "model/network/layers/linear_group.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/step/operand.hpp"

namespace lorafleet::model {

/// What a group's backward pass needs of its forward pass, by member. Internal to model/.
struct GroupTape {
  std::vector<at::Tensor> low;   ///< x A^T, undefined where the member is not adapted
  std::vector<Dropout> dropout;  ///< as it was before the member's mask was drawn
};

/// Whether any member has factors that are trained.
bool trains(const LinearGroup& group, const LoraLeaves& lora);

/// y = x W^T + b for all members side by side, with each member's LoRA term (Hu et al., arXiv
/// 2106.09685). x: [rows, in] -> [rows, out]. Masks are drawn member by member. `lora` null: the
/// frozen layers alone; `tape` null: no backward pass follows.
at::Tensor group_forward(const LinearGroup& group, const Operand& x, LoraLeaves* lora,
                         GroupTape* tape);

/// What a backward pass gives out: by the places of LoraLeaves::trained.
using FactorGradients = std::vector<at::Tensor>;

/// From the gradient g of y [rows, out]: the members' factor gradients, and that of x [rows, in],
/// or undefined where it is not wanted. `input` gives x again, if it is needed.
at::Tensor group_backward(const LinearGroup& group, const at::Tensor& g, const LoraLeaves& lora,
                          const GroupTape& tape, const std::function<at::Tensor()>& input,
                          bool wants_x, FactorGradients& gradients);

}  // namespace lorafleet::model
