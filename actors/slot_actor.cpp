#include "actors/slot_actor.hpp"

namespace lorafleet::actors {

SlotActor::SlotActor(caf::actor_config& config, std::shared_ptr<const model::Trainer> trainer,
                     std::size_t slot, std::shared_ptr<SlotBoard> board)
    : SlotHandle::base(config),
      trainer_(std::move(trainer)),
      slot_(slot),
      board_(std::move(board)) {}

SlotActor::behavior_type SlotActor::make_behavior() {
  return {[this](const RunJob& order) -> caf::result<JobResult> {
    try {
      auto result = std::make_shared<const model::TrainResult>(trainer_->train(order.job));
      if (board_) board_->add_job(slot_, result->stats.tokens);
      return JobResult{std::move(result)};
    } catch (const std::exception& failure) {
      return caf::make_error(
          caf::sec::runtime_error,
          "training of client " + std::to_string(order.job.client) + " failed: " + failure.what());
    }
  }};
}

}  // namespace lorafleet::actors
