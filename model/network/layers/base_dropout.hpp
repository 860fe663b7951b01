#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/network/layers/drop_entries.hpp"

namespace lorafleet::model {

/// Where a model in training mode drops entries, as Hugging Face's decoder layers do.
enum class DropoutSite : std::uint64_t {
  attention_weights,
  attention_output,
  feed_forward,
  layer,
  embedding
};

/// The probabilities in a config.json.
struct DropoutRates {
  double hidden = 0.0;     ///< after attention and feed-forward
  double attention = 0.0;  ///< of the attention's weights
  double layer = 0.0;      ///< layerdrop
  double embedding = 0.0;
};

/// The frozen base's own dropout. Each decision is a function of the job, the step, the layer, the
/// site, the sequence's place in the step and the entry's place in the sequence: it depends neither
/// on how sequences are packed into batches nor on the order of the computation. Internal to
/// model/.
class BaseDropout {
 public:
  /// None.
  BaseDropout() = default;
  /// `key` names the job.
  BaseDropout(const DropoutRates& rates, std::uint64_t key) : rates_(rates), key_(key) {}

  [[nodiscard]] BaseDropout at_step(std::uint64_t step) const;
  /// For a part of the step's batch that begins with this one of its sequences.
  [[nodiscard]] BaseDropout from_sequence(std::uint64_t first) const;

  [[nodiscard]] double probability(DropoutSite site) const;
  /// Layerdrop: the layer passes its input on unchanged, and its factors get gradients of 0, to
  /// which AdamW applies moments and weight decay. With Hugging Face they get none and stay as they
  /// are.
  [[nodiscard]] bool skips(std::int64_t layer) const;
  /// Multiplies the entries of one row by 0 where they are dropped, else by 1 / (1 - p). `sequence`
  /// counts from the batch's first, `row` from the sequence's first; `head` is 0 but for
  /// attention_weights.
  void apply(std::span<float> values, DropoutSite site, std::int64_t layer, std::int64_t head,
             std::int64_t sequence, std::int64_t row) const;
  /// By which apply decides.
  [[nodiscard]] DropSource source(DropoutSite site, std::int64_t layer, std::int64_t head,
                                  std::int64_t sequence, std::int64_t row) const;

 private:
  DropoutRates rates_;
  std::uint64_t key_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t first_sequence_ = 0;
};

/// What a batch's forward pass drops: `rows` gives the sequence of each row and its place
/// in it.
struct BatchDropout {
  struct Row {
    std::int64_t sequence;
    std::int64_t index;
  };
  BaseDropout base;
  std::vector<Row> rows;

  /// Of a packed batch.
  BatchDropout(const BaseDropout& dropout, const std::vector<std::int64_t>& offsets);
  /// The rows named only.
  [[nodiscard]] BatchDropout only(const std::vector<std::int64_t>& wanted) const;
};

}  // namespace lorafleet::model
