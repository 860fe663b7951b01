#pragma once

#include <functional>
#include <memory>

#include "actors/strategy/messages/compression.hpp"
#include "model/training/wrapped_trainer.hpp"

namespace lorafleet::actors {

/// The factors that a job's update carries.
using CarriedFactors = std::function<model::Factors(const model::TrainJob&)>;

/// Trains as another trainer does and gives the update as the server will read it
/// (compressed_update has the formula), with what compression lost as the client's private state.
class CompressingTrainer final : public model::WrappedTrainer {
 public:
  CompressingTrainer(std::shared_ptr<const model::Trainer> inner, strategy::CodecPtr up,
                     bool error_feedback, CarriedFactors carried);

 protected:
  [[nodiscard]] model::TrainResult after(const model::TrainJob& job,
                                         model::TrainResult result) const override;

 private:
  strategy::CodecPtr up_;
  bool error_feedback_;
  CarriedFactors carried_;
};

}  // namespace lorafleet::actors
