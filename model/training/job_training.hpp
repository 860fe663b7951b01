#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/config.hpp"
#include "model/network/base_model.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/packed_batch.hpp"
#include "model/network/step/step.hpp"
#include "model/text/encoded_data.hpp"
#include "model/training/batching.hpp"
#include "model/training/job_weights.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// What the jobs of a run have in common. Internal to model/.
struct TrainingParts {
  BaseModelPtr base;
  EncodedDataPtr data;
  LoraConfig lora;
  TrainConfig train;
  RankPenalty penalty;
  std::function<void(const std::string&)> warning = {};  ///< of any thread; or nothing
};

/// A job on its way: LoRA on a frozen base by back-propagation, a pass at a time. A step of more
/// than batch_tokens tokens takes several passes, whose gradients are added in order.
class JobTraining {
 public:
  JobTraining(const TrainingParts& parts, const TrainJob& job);

  /// Nothing is left to do, or the result is no longer wanted.
  [[nodiscard]] bool done() const;
  /// What the job's adapter lies on.
  [[nodiscard]] const BaseModel& base() const { return *base_; }
  /// Of the pass that comes next; not for a job that is done.
  [[nodiscard]] StepPart next();
  /// What came out of it.
  void take(StepResult result);
  /// Waits for the device. What a job that gave up returns is of no use.
  [[nodiscard]] TrainResult finish();

 private:
  void begin_step();
  void end_step();

  const TrainingParts& parts_;
  TrainJob job_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  BaseModelPtr base_;
  std::unique_ptr<JobWeights> weights_;
  BatchPlan plan_;
  BaseDropout dropout_;

  std::size_t step_ = 0;             ///< of the plan
  std::vector<PackedBatch> passes_;  ///< of this step, those with labels
  std::vector<BaseDropout> dropouts_;
  std::size_t pass_ = 0;
  std::int64_t labels_ = 0;                      ///< of this step
  std::vector<std::vector<at::Tensor>> losses_;  ///< of each step that learned, by pass
  TrainStats stats_;
};

}  // namespace lorafleet::model
