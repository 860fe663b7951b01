#pragma once

#include <memory>
#include <optional>

#include "actors/strategy/messages/faults.hpp"
#include "model/training/wrapped_trainer.hpp"

namespace lorafleet::actors {

/// Trains as another trainer does, but lets attackers send what they will. Free riders do not train
/// at all. Jobs from versions before an attacker's from_version are honest.
class FaultyTrainer final : public model::WrappedTrainer {
 public:
  FaultyTrainer(std::shared_ptr<const model::Trainer> inner, strategy::Attackers attackers);

 protected:
  [[nodiscard]] std::optional<model::TrainResult> instead(
      const model::TrainJob& job) const override;
  [[nodiscard]] model::TrainResult after(const model::TrainJob& job,
                                         model::TrainResult result) const override;

 private:
  /// Null where the job is honest.
  [[nodiscard]] const strategy::Attack* attack_on(const model::TrainJob& job) const;

  strategy::Attackers attackers_;
};

}  // namespace lorafleet::actors
