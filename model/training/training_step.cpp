#include "model/training/training_step.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/network/layers/head_loss.hpp"
#include "model/network/network.hpp"
#include "model/network/packed_forward.hpp"

namespace lorafleet::model {

double training_step(const BaseModel& base, LoraLeaves& lora, const PackedBatch& batch,
                     std::int64_t step_labels, std::vector<float>& gradient,
                     const BaseDropout& dropout) {
  lora.refresh();
  const at::AutoGradMode with_graph(true);
  const at::Tensor hidden =
      packed_forward(base, &lora, batch, Rows::labelled, nullptr, dropout);  // [N, e]
  const HeadResult head =
      head_loss(hidden, base.network().head, batch.labels, 1.0 / static_cast<double>(step_labels));
  if (!hidden.requires_grad()) return head.loss_sum;  // layerdrop left no adapted layer
  const auto gradients =
      torch::autograd::grad({hidden}, lora.trained(), {head.gradient},
                            /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
  lora.add_flat(gradients, gradient);
  return head.loss_sum;
}

}  // namespace lorafleet::model
