#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/network/rows/drop_entries.hpp"

namespace lorafleet::model {

/// Where a model in training mode drops entries, as Hugging Face's layers do.
enum class DropoutSite : std::uint64_t {
  attention_weights,
  attention_output,
  feed_forward,
  layer,
  embedding,
  classifier_in,  ///< before each of a classifier's linear layers
  classifier_out
};

/// The probabilities in a config.json.
struct DropoutRates {
  double hidden = 0.0;     ///< after attention and feed-forward
  double attention = 0.0;  ///< of the attention's weights
  double layer = 0.0;      ///< layerdrop
  double embedding = 0.0;
  double classifier = 0.0;  ///< before each of its linear layers
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

/// What the forward pass of a batch drops, in which several jobs may have a part: whose each row
/// is, the sequence of this job's part that it belongs to, and its place in it. All jobs drop with
/// the same probabilities.
struct BatchDropout {
  struct Row {
    std::size_t job;
    std::int64_t sequence;
    std::int64_t index;
  };
  std::vector<BaseDropout> jobs;
  std::vector<Row> rows;

  BatchDropout() = default;
  /// Of one job's packed batch.
  BatchDropout(const BaseDropout& dropout, const std::vector<std::int64_t>& offsets);
  /// Adds a job, whose rows come next.
  void add(const BaseDropout& dropout, const std::vector<std::int64_t>& offsets);

  [[nodiscard]] double probability(DropoutSite site) const {
    return jobs.empty() ? 0.0 : jobs.front().probability(site);
  }
  /// BaseDropout::apply to values of row `i`.
  void apply(std::size_t i, std::span<float> values, DropoutSite site, std::int64_t layer) const {
    const Row& row = rows[i];
    jobs[row.job].apply(values, site, layer, 0, row.sequence, row.index);
  }
  /// So many rows from one on.
  [[nodiscard]] BatchDropout part(std::size_t first, std::size_t count) const;
  /// The rows named only.
  [[nodiscard]] BatchDropout only(const std::vector<std::int64_t>& wanted) const;
};

}  // namespace lorafleet::model
