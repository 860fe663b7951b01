#include "model/training/wrapped_trainer.hpp"

#include <map>
#include <utility>

namespace lorafleet::model {

class WrappedCohort final : public Cohort {
 public:
  WrappedCohort(const WrappedTrainer& trainer, std::size_t slot)
      : trainer_(trainer), inner_(trainer.inner_->cohort(slot)) {}

  void add(std::uint64_t ticket, const TrainJob& job) override {
    if (auto result = trainer_.instead(job)) {
      ended_.push_back({ticket, *std::move(result), nullptr});
      return;
    }
    inner_->add(ticket, trainer_.before(job));
    jobs_.emplace(ticket, job);
  }

  [[nodiscard]] std::vector<Ended> advance() override {
    std::vector<Ended> all = std::exchange(ended_, {});
    for (Ended& ended : inner_->advance()) {
      auto node = jobs_.extract(ended.ticket);
      if (!ended.failure) {
        try {
          ended.result = trainer_.after(node.mapped(), std::move(ended.result));
        } catch (...) {
          ended.failure = std::current_exception();
        }
      }
      all.push_back(std::move(ended));
    }
    return all;
  }

 private:
  const WrappedTrainer& trainer_;
  std::unique_ptr<Cohort> inner_;
  std::map<std::uint64_t, TrainJob> jobs_;
  std::vector<Ended> ended_;  ///< without training
};

WrappedTrainer::WrappedTrainer(std::shared_ptr<const Trainer> inner) : inner_(std::move(inner)) {}

JobSize WrappedTrainer::size(const TrainJob& job) const {
  return inner_->size(job);
}

TrainResult WrappedTrainer::train(const TrainJob& job) const {
  if (auto result = instead(job)) return *std::move(result);
  return after(job, inner_->train(before(job)));
}

std::unique_ptr<Cohort> WrappedTrainer::cohort(std::size_t slot) const {
  return std::make_unique<WrappedCohort>(*this, slot);
}

}  // namespace lorafleet::model
