#include "model/training/lora_trainer.hpp"

#include <memory>
#include <utility>

#include "model/network/dropout_choice.hpp"
#include "model/network/recompute_choice.hpp"
#include "model/training/batching.hpp"
#include "model/training/job_training.hpp"
#include "model/training/lora_cohort.hpp"
#include "model/training/optimizer.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

void check(const TrainConfig& train, const LoraConfig& lora) {
  make_optimizer(train, 0);
  scheduled_lr(train, 0, 1);
  static_cast<void>(dropout_choices().at(train.base_dropout));
  static_cast<void>(recompute_choices().at(train.recompute));
  if (!(lora.lora_dropout >= 0.0 && lora.lora_dropout < 1.0)) {
    throw InputError("lora.lora_dropout", "must be from 0 to below 1");
  }
  if (train.steps < 0 || train.epochs < 0) {
    throw InputError(train.steps < 0 ? "train.steps" : "train.epochs", "must not be negative");
  }
  if (train.batch_tokens <= 0) {
    throw InputError("train.batch_tokens", "must be positive");
  }
}

class LoraTrainer final : public Trainer {
 public:
  explicit LoraTrainer(TrainingParts parts) : parts_(std::move(parts)) {
    check(parts_.train, parts_.lora);
    check_fits(*parts_.data, parts_.base->shape());
  }

  [[nodiscard]] JobSize size(const TrainJob& job) const override {
    return job_size(*parts_.data, *job.examples, parts_.train, job.run_seed, job.client, job.seq);
  }

  [[nodiscard]] TrainResult train(const TrainJob& job) const override {
    JobTraining training(parts_, job);
    JobTraining* const alone = &training;
    while (!training.done())
      advance_together({&alone, 1});
    return training.finish();
  }

  [[nodiscard]] std::unique_ptr<Cohort> cohort() const override {
    return std::make_unique<LoraCohort>(parts_);
  }

 private:
  TrainingParts parts_;
};

}  // namespace

std::unique_ptr<Trainer> make_lora_trainer(BaseModelPtr base, EncodedDataPtr data,
                                           const LoraConfig& lora, const TrainConfig& train,
                                           const RankPenalty& penalty) {
  return std::make_unique<LoraTrainer>(
      TrainingParts{std::move(base), std::move(data), lora, train, penalty});
}

}  // namespace lorafleet::model
