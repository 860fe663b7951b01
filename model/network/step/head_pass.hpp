#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/layers/base_dropout.hpp"
#include "model/network/layers/head_loss.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/network.hpp"
#include "model/network/step/group_pass.hpp"

namespace lorafleet::model {

/// What turns rows into a loss: the language model's output layer, or a classifier. Internal to
/// model/.
struct Head {
  const Network& network;
  const LoraLeaves* lora;  ///< null: the base alone
  const BatchDropout& rows;
};

/// What the head makes of `hidden` [N, e]: the cross entropy of each label (a token's id, or a
/// class), and, where `factor` is not 0, the gradient of factor * their sum for `hidden`, and in
/// `gradients` those of the tensors that are trained whole. `factor` 0: no dropout, `gradients` may
/// be null. Throws InputError where the base needs a classifier and neither it nor the adapter has
/// one.
HeadResult head_pass(const Head& head, const at::Tensor& hidden,
                     const std::vector<std::int64_t>& labels, double factor,
                     FactorGradients* gradients);

/// A classifier's tensors: the adapter's, or else the base's own. Throws InputError where neither
/// has them.
const std::vector<at::Tensor>& classifier_of(const Network& network, const LoraLeaves* lora);

}  // namespace lorafleet::model
