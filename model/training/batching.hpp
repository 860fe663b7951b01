#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/config.hpp"
#include "model/network/opt_config.hpp"
#include "model/text/encoded_data.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::model {

/// Sequences one after the other, without padding. Internal to model/.
struct PackedBatch {
  std::vector<std::int64_t> tokens;         ///< [T]
  std::vector<std::int64_t> positions;      ///< [T], from 0 in each sequence
  std::vector<std::int64_t> offsets = {0};  ///< first row of each sequence, and T
  std::vector<std::int64_t> label_rows;     ///< [N]: the row that predicts labels[n]
  std::vector<std::int64_t> labels;         ///< [N]: token ids

  /// Appends a sequence; its tokens in the spans are labels of their left neighbours. The first
  /// token has none, so it is never a label.
  void add(std::span<const std::int32_t> sequence, std::span<const LabelSpan> spans);
  /// With all tokens from `label_start` on as labels.
  void add(std::span<const std::int32_t> sequence, std::size_t label_start);
};

/// A batch as Hugging Face pads it: [rows, columns], row-major.
struct PaddedBatch {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<std::int64_t> tokens;
  std::vector<std::int64_t> mask;    ///< 1 for a token, 0 for padding
  std::vector<std::int64_t> labels;  ///< the token itself, or -100
};

PackedBatch pack(const EncodedData& data, std::span<const std::uint32_t> examples);

/// The tokens of `examples`.
std::int64_t count_tokens(const EncodedData& data, std::span<const std::uint32_t> examples);

/// Cuts `examples` into runs, in order, of at most `most_tokens` tokens; a longer example stands
/// alone. Views of `examples`.
std::vector<std::span<const std::uint32_t>> split_by_tokens(const EncodedData& data,
                                                            std::span<const std::uint32_t> examples,
                                                            std::int64_t most_tokens);

using BatchPlan = std::vector<std::vector<std::uint32_t>>;

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

/// Throws InputError where a token or a length does not fit the model.
void check_fits(const EncodedData& data, const OptConfig& opt);

}  // namespace lorafleet::model
