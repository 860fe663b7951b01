#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/text/encoded_data.hpp"

namespace lorafleet::model {

/// Sequences one after the other, without padding. Internal to model/.
struct PackedBatch {
  std::vector<std::int64_t> tokens;         ///< [T]
  std::vector<std::int64_t> positions;      ///< [T], from 0 in each sequence
  std::vector<std::int64_t> offsets = {0};  ///< first row of each sequence, and T
  std::vector<std::int64_t> label_rows;     ///< [N]: the row that predicts labels[n]
  std::vector<std::int64_t> labels;         ///< [N]: token ids, or a classifier's classes

  /// Appends a sequence; its tokens in the spans are labels of their left neighbours. The first
  /// token has none, so it is never a label.
  void add(std::span<const std::int32_t> sequence, std::span<const LabelSpan> spans);
  /// With all tokens from `label_start` on as labels.
  void add(std::span<const std::int32_t> sequence, std::size_t label_start);
  /// For a classifier: the first row predicts the class.
  void add_class(std::span<const std::int32_t> sequence, std::int64_t label);
  /// Appends all sequences of another batch.
  void append(const PackedBatch& batch);
};

PackedBatch pack(const EncodedData& data, std::span<const std::uint32_t> examples);

}  // namespace lorafleet::model
