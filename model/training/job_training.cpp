#include "model/training/job_training.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "model/network/dropout_choice.hpp"
#include "model/network/network.hpp"
#include "model/network/recompute_choice.hpp"
#include "model/training/optimizer.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

BaseDropout base_dropout(const TrainingParts& parts, const TrainJob& job) {
  if (!dropout_choices().at(parts.train.base_dropout).value) return {};
  Random random(job.run_seed, Purpose::base_dropout, job.client, job.seq);
  return {parts.base->network().dropout(), random.bits()};
}

/// In one copy from the device.
at::Tensor joined_on_host(const std::vector<std::vector<at::Tensor>>& losses) {
  std::vector<at::Tensor> all;
  for (const auto& step : losses)
    all.insert(all.end(), step.begin(), step.end());
  return all.empty() ? at::Tensor() : at::cat(all).cpu();
}

}  // namespace

JobTraining::JobTraining(const TrainingParts& parts, const TrainJob& job)
    : parts_(parts),
      job_(job),
      base_(parts.base->under(job.start.get())),
      weights_(make_job_weights(*base_, job, parts.train, parts.penalty)),
      plan_(
          plan_batches(*parts.data, *job.examples, parts.train, job.run_seed, job.client, job.seq)),
      dropout_(base_dropout(parts, job)) {
  weights_->leaves().set_dropout(
      {parts.lora.lora_dropout, Random(job.run_seed, Purpose::lora_dropout, job.client, job.seq)});
  stats_.examples = static_cast<std::int64_t>(job.examples->size());
  begin_step();
}

bool JobTraining::done() const {
  return step_ == plan_.size() || (job_.given_up != nullptr && *job_.given_up);
}

StepPart JobTraining::next() {
  return {weights_->leaves(), passes_[pass_], 1.0 / static_cast<double>(labels_), dropouts_[pass_],
          recompute_choices().at(parts_.train.recompute).value};
}

void JobTraining::take(StepResult result) {
  if (pass_ == 0) {
    weights_->clear_gradient();
    losses_.emplace_back();
  }
  weights_->add(result.gradients);
  losses_.back().push_back(std::move(result.losses));
  if (++pass_ == passes_.size()) end_step();
}

/// Lays out the passes of this step, or of the next one from which there is something to learn.
void JobTraining::begin_step() {
  for (; !done(); ++step_) {
    const Indices& examples = plan_[step_];
    stats_.tokens += count_tokens(*parts_.data, examples);
    passes_.clear();
    dropouts_.clear();
    pass_ = 0;
    labels_ = 0;
    std::uint64_t first_sequence = 0;
    for (const auto part : split_by_tokens(*parts_.data, examples, parts_.train.batch_tokens)) {
      PackedBatch batch = pack(*parts_.data, part);
      const BaseDropout own = dropout_.at_step(step_).from_sequence(first_sequence);
      first_sequence += batch.offsets.size() - 1;
      if (batch.labels.empty()) continue;
      labels_ += static_cast<std::int64_t>(batch.labels.size());
      passes_.push_back(std::move(batch));
      dropouts_.push_back(own);
    }
    if (labels_ > 0) return;
  }
}

void JobTraining::end_step() {
  const TrainConfig& train = parts_.train;
  const double decay = std::pow(train.lr_decay, static_cast<double>(job_.version));
  weights_->step(decay * scheduled_lr(train, step_, plan_.size()));
  stats_.label_tokens += labels_;
  ++stats_.steps;
  ++step_;
  begin_step();
}

TrainResult JobTraining::finish() {
  TrainResult result{weights_->take(), stats_};
  TrainStats& stats = result.stats;
  double loss_sum = 0.0;
  const at::Tensor all = joined_on_host(losses_);
  std::int64_t first = 0;
  for (const auto& step : losses_) {
    double sum = 0.0;
    std::int64_t labels = 0;
    for (const at::Tensor& pass : step) {
      sum += sum_of(all.narrow(0, first + labels, pass.numel()));
      labels += pass.numel();
    }
    first += labels;
    loss_sum += sum;
    stats.last_loss = sum / static_cast<double>(labels);
  }
  if (stats.label_tokens > 0) stats.loss = loss_sum / static_cast<double>(stats.label_tokens);
  stats.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  return result;
}

}  // namespace lorafleet::model
