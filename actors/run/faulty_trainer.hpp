#pragma once

#include <memory>

#include "actors/strategy/messages/faults.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors {

/// Trains as another trainer does, but lets attackers send what they will. Free riders do not train
/// at all. Jobs from versions before an attacker's from_version are honest.
class FaultyTrainer final : public model::Trainer {
 public:
  FaultyTrainer(std::shared_ptr<const model::Trainer> inner, strategy::Attackers attackers);

  [[nodiscard]] model::JobSize size(const model::TrainJob& job) const override;
  [[nodiscard]] model::TrainResult train(const model::TrainJob& job) const override;

 private:
  std::shared_ptr<const model::Trainer> inner_;
  strategy::Attackers attackers_;
};

}  // namespace lorafleet::actors
