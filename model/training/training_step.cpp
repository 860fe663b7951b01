#include "model/training/training_step.hpp"

#include "model/network/step/step.hpp"

namespace lorafleet::model {

double training_step(const BaseModel& base, LoraLeaves& lora, const PackedBatch& batch,
                     std::int64_t step_labels, std::vector<float>& gradient,
                     const BaseDropout& dropout) {
  lora.refresh();
  const StepResult step =
      forward_and_backward(base, lora, batch, 1.0 / static_cast<double>(step_labels), dropout);
  lora.add_flat(step.gradients, gradient);
  return step.loss_sum;
}

}  // namespace lorafleet::model
