#pragma once

#include <memory>

#include "model/config.hpp"
#include "model/network/base_model.hpp"
#include "model/text/encoded_data.hpp"
#include "model/training/rank_penalty.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// Local LoRA training on the base. Throws InputError where data or settings do not fit it.
std::unique_ptr<Trainer> make_lora_trainer(BaseModelPtr base, EncodedDataPtr data,
                                           const LoraConfig& lora, const TrainConfig& train,
                                           const RankPenalty& penalty = {});

}  // namespace lorafleet::model
