#include "actors/slot_actor.hpp"

namespace lorafleet::actors {

SlotActor::SlotActor(caf::actor_config& config, std::shared_ptr<const model::Trainer> trainer)
    : SlotHandle::base(config), trainer_(std::move(trainer)) {}

SlotActor::behavior_type SlotActor::make_behavior() {
  return {[this](const RunJob& order) -> caf::result<JobResult> {
    try {
      return JobResult{std::make_shared<const model::TrainResult>(trainer_->train(order.job))};
    } catch (const std::exception& failure) {
      return caf::make_error(
          caf::sec::runtime_error,
          "training of client " + std::to_string(order.job.client) + " failed: " + failure.what());
    }
  }};
}

}  // namespace lorafleet::actors
