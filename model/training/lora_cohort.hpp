#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/training/job_training.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// Brings jobs that are not done one pass further. Those whose adapters lie on the same base share
/// a pass, where this may be (may_share_a_pass). If the device has no memory for so many at once,
/// they go in halves; a job is unchanged by a pass that failed. Throws RuntimeFailure where it has
/// none for one. Internal to model/.
void advance_together(std::span<JobTraining* const> jobs);

/// Jobs that train together over a frozen base.
class LoraCohort final : public Cohort {
 public:
  explicit LoraCohort(const TrainingParts& parts);
  void add(std::uint64_t ticket, const TrainJob& job) override;
  [[nodiscard]] std::vector<Ended> advance() override;

 private:
  struct Member {
    std::uint64_t ticket;
    std::unique_ptr<JobTraining> training;
  };

  const TrainingParts& parts_;
  at::Device device_;  ///< the thread's own while it works for it
  std::vector<Member> members_;
  std::vector<Ended> failed_;  ///< before their first pass
};

}  // namespace lorafleet::model
