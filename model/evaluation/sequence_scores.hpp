#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/evaluation/evaluation.hpp"
#include "model/network/base_model.hpp"
#include "model/text/encoded_data.hpp"

namespace lorafleet::model {

/// The score of each of `examples` by itself, in their order; as many at a time as make
/// `batch_tokens` tokens (one longer example stands alone), or fewer where the device has no memory
/// for them, with the same scores. A null adapter leaves the base as it is. Throws RuntimeFailure
/// where there is none for one example.
std::vector<Score> score_sequences(const BaseModel& base, const AdapterPtr& adapter,
                                   const EncodedData& data, std::span<const std::uint32_t> examples,
                                   std::int64_t batch_tokens);

}  // namespace lorafleet::model
