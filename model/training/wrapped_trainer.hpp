#pragma once

#include <memory>
#include <optional>

#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// Trains as another trainer does, with something done before it or after it.
class WrappedTrainer : public Trainer {
 public:
  explicit WrappedTrainer(std::shared_ptr<const Trainer> inner);

  [[nodiscard]] JobSize size(const TrainJob& job) const final;
  [[nodiscard]] TrainResult train(const TrainJob& job) const final;
  [[nodiscard]] std::unique_ptr<Cohort> cohort(std::size_t slot) const final;

 protected:
  /// The job as the inner trainer gets it.
  [[nodiscard]] virtual TrainJob before(const TrainJob& job) const { return job; }
  /// What comes out of a job that the inner trainer is not asked to train.
  [[nodiscard]] virtual std::optional<TrainResult> instead(const TrainJob&) const { return {}; }
  /// What becomes of the inner trainer's result; `job` as it came.
  [[nodiscard]] virtual TrainResult after(const TrainJob& job, TrainResult result) const = 0;

 private:
  friend class WrappedCohort;
  std::shared_ptr<const Trainer> inner_;
};

}  // namespace lorafleet::model
