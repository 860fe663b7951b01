#include "actors/run/trainers/faulty_trainer.hpp"

#include <utility>

namespace lorafleet::actors {

FaultyTrainer::FaultyTrainer(std::shared_ptr<const model::Trainer> inner,
                             strategy::Attackers attackers)
    : WrappedTrainer(std::move(inner)), attackers_(std::move(attackers)) {}

const strategy::Attack* FaultyTrainer::attack_on(const model::TrainJob& job) const {
  const strategy::Attack* attack = attackers_.attack_of({job.client});
  return attack == nullptr || job.version < attack->from_version ? nullptr : attack;
}

std::optional<model::TrainResult> FaultyTrainer::instead(const model::TrainJob& job) const {
  const strategy::Attack* attack = attack_on(job);
  if (attack == nullptr || attack->kind->trains) return std::nullopt;
  return strategy::free_ride(*attack, job, size(job));
}

model::TrainResult FaultyTrainer::after(const model::TrainJob& job,
                                        model::TrainResult result) const {
  const strategy::Attack* attack = attack_on(job);
  return attack == nullptr ? std::move(result) : strategy::corrupt(*attack, job, std::move(result));
}

}  // namespace lorafleet::actors
