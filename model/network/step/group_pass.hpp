#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "model/network/layers/dropout.hpp"
#include "model/network/layers/linear_group.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/step/job_rows.hpp"
#include "model/network/step/operand.hpp"

namespace lorafleet::model {

/// What a group's backward pass needs of its forward pass, by member and within it by job; by
/// operators of any device, rows of several jobs are together (device_terms.hpp). Internal to
/// model/.
struct GroupTape {
  /// x A^T, undefined where the member is not adapted; on a device those of a set of jobs in tiles,
  /// times the scale.
  std::vector<at::Tensor> low;
  std::vector<at::Tensor> factors;  ///< on a device: A and B of such a set, [jobs, numbers of both]
  std::vector<Dropout> dropout;     ///< as it was before the member's mask was drawn
};

/// Whether any member has factors that a job trains.
bool trains(const LinearGroup& group, const JobRows& jobs);

/// y = x W^T + b for all members side by side, with each member's LoRA term (Hu et al., arXiv
/// 2106.09685), that of each job on its rows. x: [rows, in] -> [rows, out]. Masks are drawn member
/// by member. `tape` null: no backward pass follows.
at::Tensor group_forward(const LinearGroup& group, const Operand& x, const JobRows& jobs,
                         GroupTape* tape);

/// What a backward pass gives out for a job: by the places of LoraLeaves::trained.
using FactorGradients = std::vector<at::Tensor>;

/// From the gradient g of y [rows, out]: each job's factor gradients, and that of x [rows, in], or
/// undefined where it is not wanted. `input` gives x again, if it is needed.
at::Tensor group_backward(const LinearGroup& group, const at::Tensor& g, const JobRows& jobs,
                          const GroupTape& tape, const std::function<at::Tensor()>& input,
                          bool wants_x, std::vector<FactorGradients>& gradients);

}  // namespace lorafleet::model
