#include "actors/run/faulty_trainer.hpp"

#include <utility>

namespace lorafleet::actors {

FaultyTrainer::FaultyTrainer(std::shared_ptr<const model::Trainer> inner,
                             strategy::Attackers attackers)
    : inner_(std::move(inner)), attackers_(std::move(attackers)) {}

model::JobSize FaultyTrainer::size(const model::TrainJob& job) const {
  return inner_->size(job);
}

model::TrainResult FaultyTrainer::train(const model::TrainJob& job) const {
  const strategy::Attack* attack = attackers_.attack_of({job.client});
  if (attack == nullptr || job.version < attack->from_version) return inner_->train(job);
  if (!attack->kind->trains) return strategy::free_ride(*attack, job, inner_->size(job));
  return strategy::corrupt(*attack, job, inner_->train(job));
}

}  // namespace lorafleet::actors
