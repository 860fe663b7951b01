#include "model/network/packed_batch.hpp"

#include <algorithm>

namespace lorafleet::model {

void PackedBatch::add(std::span<const std::int32_t> sequence, std::span<const LabelSpan> spans) {
  const auto start = static_cast<std::int64_t>(tokens.size());
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    tokens.push_back(sequence[i]);
    positions.push_back(static_cast<std::int64_t>(i));
  }
  for (const LabelSpan& span : spans) {
    for (std::size_t i = std::max<std::size_t>(1, span.begin); i < span.end; ++i) {
      label_rows.push_back(start + static_cast<std::int64_t>(i) - 1);
      labels.push_back(sequence[i]);
    }
  }
  offsets.push_back(static_cast<std::int64_t>(tokens.size()));
}

void PackedBatch::add(std::span<const std::int32_t> sequence, std::size_t label_start) {
  const LabelSpan span{static_cast<std::uint32_t>(label_start),
                       static_cast<std::uint32_t>(sequence.size())};
  add(sequence, std::span(&span, 1));
}

void PackedBatch::add_class(std::span<const std::int32_t> sequence, std::int64_t label) {
  label_rows.push_back(offsets.back());
  labels.push_back(label);
  add(sequence, std::span<const LabelSpan>());
}

void PackedBatch::append(const PackedBatch& batch) {
  const auto start = static_cast<std::int64_t>(tokens.size());
  const auto moved = [start](const std::vector<std::int64_t>& from, std::size_t first,
                             std::vector<std::int64_t>& to) {
    for (std::size_t i = first; i < from.size(); ++i)
      to.push_back(start + from[i]);
  };
  tokens.insert(tokens.end(), batch.tokens.begin(), batch.tokens.end());
  positions.insert(positions.end(), batch.positions.begin(), batch.positions.end());
  moved(batch.offsets, 1, offsets);
  moved(batch.label_rows, 0, label_rows);
  labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
}

PackedBatch pack(const EncodedData& data, std::span<const std::uint32_t> examples) {
  PackedBatch batch;
  for (const std::uint32_t example : examples) {
    if (const auto label = data.label(example)) {
      batch.add_class(data.tokens(example), *label);
    } else {
      batch.add(data.tokens(example), data.labels(example));
    }
  }
  return batch;
}

}  // namespace lorafleet::model
