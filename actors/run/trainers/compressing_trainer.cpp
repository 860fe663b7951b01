#include "actors/run/trainers/compressing_trainer.hpp"

#include <utility>

#include "actors/strategy/messages/compressed_update.hpp"

namespace lorafleet::actors {

CompressingTrainer::CompressingTrainer(std::shared_ptr<const model::Trainer> inner,
                                       strategy::CodecPtr up, bool error_feedback,
                                       CarriedFactors carried)
    : WrappedTrainer(std::move(inner)),
      up_(std::move(up)),
      error_feedback_(error_feedback),
      carried_(std::move(carried)) {}

model::TrainResult CompressingTrainer::after(const model::TrainJob& job,
                                             model::TrainResult result) const {
  return strategy::compressed_update(up_, error_feedback_, carried_(job), job, std::move(result));
}

}  // namespace lorafleet::actors
