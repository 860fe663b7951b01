#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/config.hpp"
#include "model/shape.hpp"
#include "model/text/encoded_data.hpp"
#include "model/training/trainer.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::model {

/// The tokens of `examples`.
std::int64_t count_tokens(const EncodedData& data, std::span<const std::uint32_t> examples);

/// Cuts `examples` into runs, in order, of at most `most_tokens` tokens; a longer example stands
/// alone. Views of `examples`.
std::vector<std::span<const std::uint32_t>> split_by_tokens(const EncodedData& data,
                                                            std::span<const std::uint32_t> examples,
                                                            std::int64_t most_tokens);

using BatchPlan = std::vector<Indices>;

/// Which examples each optimiser step of a job trains on. Every epoch is shuffled anew and filled
/// up, in that order, to `train.batch_size` examples or `train.batch_tokens` tokens a batch;
/// batches do not cross epochs. With `train.steps` there are exactly so many, from as many epochs
/// as it takes. Examples without tokens are left out; without any example the plan is empty.
BatchPlan plan_batches(const EncodedData& data, std::span<const std::uint32_t> examples,
                       const TrainConfig& train, std::uint64_t run_seed, std::uint64_t client,
                       std::uint64_t seq);

/// The work of such a plan: known before anything is trained.
JobSize job_size(const EncodedData& data, std::span<const std::uint32_t> examples,
                 const TrainConfig& train, std::uint64_t run_seed, std::uint64_t client,
                 std::uint64_t seq);

/// Throws InputError where a token, a class or a length does not fit the model.
void check_fits(const EncodedData& data, const ModelShape& shape);

}  // namespace lorafleet::model
