#pragma once

#include <memory>

#include "model/config.hpp"
#include "model/network/base_model.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/step/group_pass.hpp"
#include "model/training/rank_penalty.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// What a job changes: its adapter, the gradient of a step, and the optimiser's state, where its
/// base computes. Only the factors that the job trains have the two latter; the others stay bit for
/// bit. Internal to model/.
class JobWeights {
 public:
  virtual ~JobWeights() = default;
  [[nodiscard]] virtual LoraLeaves& leaves() = 0;
  virtual void clear_gradient() = 0;
  virtual void add(const FactorGradients& gradients) = 0;
  /// Adds what FedProx and the penalty on ranks say to the gradient, clips it, and takes a step.
  virtual void step(double lr) = 0;
  /// In the host's memory; waits for the device.
  [[nodiscard]] virtual Adapter take() = 0;
};

/// `base` is what the job's adapter lies on.
std::unique_ptr<JobWeights> make_job_weights(const BaseModel& base, const TrainJob& job,
                                             const TrainConfig& train, const RankPenalty& penalty);

}  // namespace lorafleet::model
