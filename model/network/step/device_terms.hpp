#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "model/network/step/group_pass.hpp"

namespace lorafleet::model {

/// The LoRA terms of all jobs of a pass (Hu et al., arXiv 2106.09685), by batched products of any
/// device: those of the same rank and scale go together. Internal to model/.
///
/// Adds each member's term to its columns of y, [rows, out]; x: [rows, in]. The tape is by member,
/// and within it the low-rank rows, times the scale, by set of jobs, dropout by job.
void add_terms(const LinearGroup& group, const at::Tensor& x, const JobRows& jobs,
               const at::Tensor& y, GroupTape* tape);

/// From the gradient g of y: each job's factor gradients, float32; what the terms add to that of x,
/// dx, is added, where it is defined. `input` gives x again, if it is needed.
void add_term_gradients(const LinearGroup& group, const at::Tensor& g, const JobRows& jobs,
                        const GroupTape& tape, const std::function<at::Tensor()>& input,
                        const at::Tensor& dx, std::vector<FactorGradients>& gradients);

}  // namespace lorafleet::model
