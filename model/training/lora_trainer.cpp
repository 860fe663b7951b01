#include "model/training/lora_trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "model/adapter/factor_selection.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/network.hpp"
#include "model/network/packed_batch.hpp"
#include "model/training/batching.hpp"
#include "model/training/dropout_choice.hpp"
#include "model/training/optimizer.hpp"
#include "model/training/training_step.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

void check(const TrainConfig& train, const LoraConfig& lora) {
  make_optimizer(train, 0);
  scheduled_lr(train, 0, 1);
  static_cast<void>(dropout_choices().at(train.base_dropout));
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

/// LoRA on a frozen base by back-propagation. Only the factors that a job trains have gradients,
/// optimiser state and a part in clipping and FedProx; the others stay bit for bit.
class LoraTrainer final : public Trainer {
 public:
  LoraTrainer(BaseModelPtr base, EncodedDataPtr data, LoraConfig lora, TrainConfig train,
              const RankPenalty& penalty)
      : base_(std::move(base)),
        data_(std::move(data)),
        lora_(std::move(lora)),
        train_(std::move(train)),
        penalty_(penalty) {
    check(train_, lora_);
    check_fits(*data_, base_->shape());
  }

  [[nodiscard]] JobSize size(const TrainJob& job) const override {
    return job_size(*data_, *job.examples, train_, job.run_seed, job.client, job.seq);
  }

  [[nodiscard]] TrainResult train(const TrainJob& job) const override {
    const auto started = std::chrono::steady_clock::now();
    TrainResult result{*job.start, {}};
    TrainStats& stats = result.stats;
    stats.examples = static_cast<std::int64_t>(job.examples->size());

    std::vector<float>& weights = result.adapter.values;
    const FactorSelection selection(*result.adapter.layout, job.trains);
    const std::vector<float> start = selection.gather(weights);
    std::vector<float> trained = start;
    std::vector<float> gradient(trained.size());
    const auto optimizer = make_optimizer(train_, trained.size());
    const BaseModelPtr base = base_->under(job.start.get());
    LoraLeaves leaves(*base, *result.adapter.layout, weights.data(), job.trains);
    leaves.set_dropout(
        {lora_.lora_dropout, Random(job.run_seed, Purpose::lora_dropout, job.client, job.seq)});
    const BaseDropout dropout = base_dropout(job);
    double loss_sum = 0.0;
    const BatchPlan batches = plan(job);
    const double decay = std::pow(train_.lr_decay, static_cast<double>(job.version));
    for (std::size_t step = 0; step < batches.size(); ++step) {
      if (job.given_up != nullptr && *job.given_up) break;
      stats.tokens += count_tokens(*data_, batches[step]);
      const StepLoss loss =
          loss_and_gradient(*base, leaves, batches[step], dropout.at_step(step), gradient);
      if (loss.labels == 0) continue;  // nothing to learn from
      if (train_.prox_mu != 0.0) {
        add_prox(gradient, trained, start, train_.prox_mu);
      }
      add_rank_penalty(gradient, result.adapter, penalty_);
      clip_by_norm(gradient, train_.max_grad_norm);
      optimizer->step(trained, gradient, decay * scheduled_lr(train_, step, batches.size()));
      selection.scatter(trained, weights);
      loss_sum += loss.sum;
      stats.last_loss = loss.sum / static_cast<double>(loss.labels);
      stats.label_tokens += loss.labels;
      ++stats.steps;
    }
    if (stats.label_tokens > 0) {
      stats.loss = loss_sum / static_cast<double>(stats.label_tokens);
    }
    stats.wall_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return result;
  }

 private:
  struct StepLoss {
    double sum = 0.0;  ///< nats
    std::int64_t labels = 0;
  };

  /// Of one step, and in `gradient` that of the mean loss. A step of more than batch_tokens tokens
  /// goes through in parts, whose gradients are added in order.
  StepLoss loss_and_gradient(const BaseModel& base, LoraLeaves& leaves, const Indices& examples,
                             const BaseDropout& dropout, std::vector<float>& gradient) const {
    std::vector<PackedBatch> parts;
    StepLoss loss;
    for (const auto part : split_by_tokens(*data_, examples, train_.batch_tokens)) {
      parts.push_back(pack(*data_, part));
      loss.labels += static_cast<std::int64_t>(parts.back().labels.size());
    }
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    std::uint64_t first_sequence = 0;
    for (const PackedBatch& part : parts) {
      const BaseDropout own = dropout.from_sequence(first_sequence);
      first_sequence += part.offsets.size() - 1;
      if (part.labels.empty()) continue;
      loss.sum += training_step(base, leaves, part, loss.labels, gradient, own);
    }
    return loss;
  }

  [[nodiscard]] BaseDropout base_dropout(const TrainJob& job) const {
    if (!dropout_choices().at(train_.base_dropout).value) return {};
    Random random(job.run_seed, Purpose::base_dropout, job.client, job.seq);
    return {base_->network().dropout(), random.bits()};
  }

  [[nodiscard]] BatchPlan plan(const TrainJob& job) const {
    return plan_batches(*data_, *job.examples, train_, job.run_seed, job.client, job.seq);
  }

  BaseModelPtr base_;
  EncodedDataPtr data_;
  LoraConfig lora_;
  TrainConfig train_;
  RankPenalty penalty_;
};

}  // namespace

std::unique_ptr<Trainer> make_lora_trainer(BaseModelPtr base, EncodedDataPtr data,
                                           const LoraConfig& lora, const TrainConfig& train,
                                           const RankPenalty& penalty) {
  return std::make_unique<LoraTrainer>(std::move(base), std::move(data), lora, train, penalty);
}

}  // namespace lorafleet::model
