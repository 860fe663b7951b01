#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/config.hpp"
#include "model/network/base_model.hpp"
#include "model/text/encoded_data.hpp"
#include "model/training/rank_penalty.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// Local LoRA training on the base. Throws InputError where data or settings do not fit it.
std::unique_ptr<Trainer> make_lora_trainer(BaseModelPtr base, const EncodedDataPtr& data,
                                           const LoraConfig& lora, const TrainConfig& train,
                                           const RankPenalty& penalty = {});

/// The same on several devices, each with the base: slot i trains on bases[i % bases.size()], and
/// `train` on the first one. `warning` hears, on the slot's thread and once for each cohort, that a
/// device has no memory for all jobs of a slot at once.
std::unique_ptr<Trainer> make_lora_trainer(const std::vector<BaseModelPtr>& bases,
                                           const EncodedDataPtr& data, const LoraConfig& lora,
                                           const TrainConfig& train,
                                           const RankPenalty& penalty = {},
                                           std::function<void(const std::string&)> warning = {});

}  // namespace lorafleet::model
