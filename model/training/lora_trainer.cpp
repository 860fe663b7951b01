#include "model/training/lora_trainer.hpp"

#include <memory>
#include <utility>

#include "model/network/dropout_choice.hpp"
#include "model/network/recompute_choice.hpp"
#include "model/training/batching.hpp"
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
  explicit LoraTrainer(std::vector<TrainingParts> parts) : parts_(std::move(parts)) {
    const TrainingParts& any = parts_.front();
    check(any.train, any.lora);
    check_fits(*any.data, any.base->shape());
  }

  [[nodiscard]] JobSize size(const TrainJob& job) const override {
    const TrainingParts& any = parts_.front();
    return job_size(*any.data, *job.examples, any.train, job.run_seed, job.client, job.seq);
  }

  [[nodiscard]] TrainResult train(const TrainJob& job) const override {
    LoraCohort alone(parts_.front(), 0);
    return train_alone(alone, job);
  }

  [[nodiscard]] std::unique_ptr<Cohort> cohort(std::size_t slot) const override {
    return std::make_unique<LoraCohort>(parts_[slot % parts_.size()], slot);
  }

 private:
  std::vector<TrainingParts> parts_;  ///< of each device
};

}  // namespace

std::unique_ptr<Trainer> make_lora_trainer(BaseModelPtr base, const EncodedDataPtr& data,
                                           const LoraConfig& lora, const TrainConfig& train,
                                           const RankPenalty& penalty) {
  return make_lora_trainer(std::vector<BaseModelPtr>{std::move(base)}, data, lora, train, penalty);
}

std::unique_ptr<Trainer> make_lora_trainer(const std::vector<BaseModelPtr>& bases,
                                           const EncodedDataPtr& data, const LoraConfig& lora,
                                           const TrainConfig& train, const RankPenalty& penalty,
                                           std::function<void(const std::string&)> warning) {
  std::vector<TrainingParts> parts;
  for (const BaseModelPtr& base : bases)
    parts.push_back({base, data, lora, train, penalty, warning});
  return std::make_unique<LoraTrainer>(std::move(parts));
}

}  // namespace lorafleet::model
