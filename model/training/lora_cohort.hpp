#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/training/job_training.hpp"
#include "model/training/memory_limits.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// Jobs that train together over a frozen base; those whose adapters lie on the same one share
/// passes, where this may be (may_share_a_pass).
///
/// If the device has no memory for so many in a pass, they go in parts, and later passes do so at
/// once. If it has none for a job beside others, that job begins anew when half of them have ended;
/// if there are none, while nothing else computes on the device. If it has none then, that job ends
/// with RuntimeFailure. Bytes do not depend on it.
class LoraCohort final : public Cohort {
 public:
  /// The parts' `warning` hears once of memory that does not suffice, under the slot's number.
  LoraCohort(const TrainingParts& parts, std::size_t slot);
  void add(std::uint64_t ticket, const TrainJob& job) override;
  [[nodiscard]] std::vector<Ended> advance() override;

 private:
  struct Failure {
    std::exception_ptr thrown = nullptr;  ///< null: there is none
    bool is_memory = false;               ///< that there is none left
  };
  struct Member {
    std::uint64_t ticket;
    TrainJob job;
    bool needs_all = false;  ///< of the device's memory
    std::unique_ptr<JobTraining> training = nullptr;
    Failure failure = {};
  };
  using Members = std::span<Member* const>;

  template <typename Work>
  [[nodiscard]] Failure attempt(const std::string& what, const Work& work) const;
  void begin_jobs();
  void advance_together();
  void advance_over_one_base(Members members);
  [[nodiscard]] std::size_t that_fit(Members members) const;
  [[nodiscard]] bool share_a_pass(Members members);
  [[nodiscard]] std::vector<Ended> leave();
  void tell();

  const TrainingParts& parts_;
  std::size_t slot_;
  at::Device device_;  ///< the thread's own while it works for it
  std::deque<Member> waiting_;
  std::vector<Member> members_;
  MemoryLimits limits_;
  std::string lacking_;  ///< what there was no memory for, the first time
  bool told_ = false;
};

}  // namespace lorafleet::model
