#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/layers/base_dropout.hpp"
#include "model/network/layers/head_loss.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/network.hpp"
#include "model/network/step/group_pass.hpp"
#include "model/network/step/job_rows.hpp"

namespace lorafleet::model {

/// What turns rows into losses: the language model's output layer, or a classifier, each job's own.
/// Internal to model/.
struct Head {
  const Network& network;
  const JobRows& jobs;
  const BatchDropout& rows;
};

/// What the head makes of `hidden` [N or more, e]: the cross entropy of each label (a token's id,
/// or a class); with factors also the gradient of their sum, each times its factor, for `hidden`,
/// and in `gradients`, by job, those of the tensors that are trained whole. Without factors nothing
/// is dropped. Throws InputError where the base needs a classifier and neither it nor the adapter
/// has one.
HeadResult head_pass(const Head& head, const at::Tensor& hidden,
                     const std::vector<std::int64_t>& labels, const std::vector<float>& factors,
                     std::vector<FactorGradients>& gradients);
/// Of one adapter, or null, without gradients.
HeadResult head_pass(const Network& network, LoraLeaves* lora, const at::Tensor& hidden,
                     const std::vector<std::int64_t>& labels);

/// A classifier's tensors: the adapter's, or else the base's own. Throws InputError where neither
/// has them.
const std::vector<at::Tensor>& classifier_of(const Network& network, const LoraLeaves* lora);

}  // namespace lorafleet::model
