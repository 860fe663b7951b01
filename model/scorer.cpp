#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "model/base_model.hpp"
#include "model/batching.hpp"
#include "model/head_loss.hpp"
#include "model/opt.hpp"

namespace lorafleet::model {
namespace {

void add(Score& to, const Score& score) {
  to.examples += score.examples;
  to.label_tokens += score.label_tokens;
  to.loss_sum += score.loss_sum;
  to.correct += score.correct;
}

/// Which bin each of `lengths` falls into when they are cut at their quantiles; equal lengths share
/// a bin, so there may be fewer bins than asked for. Bins are ordered by length.
std::vector<std::size_t> quantile_bins(const std::vector<std::int64_t>& lengths,
                                       std::int64_t bins) {
  std::vector<std::int64_t> sorted = lengths;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int64_t> lows;  // smallest length of each bin
  for (std::int64_t b = 0; b < bins && !sorted.empty(); ++b) {
    const std::int64_t low =
        sorted[sorted.size() * static_cast<std::size_t>(b) / static_cast<std::size_t>(bins)];
    if (lows.empty() || low > lows.back()) lows.push_back(low);
  }
  std::vector<std::size_t> result;
  for (const std::int64_t length : lengths) {
    const auto above = std::upper_bound(lows.begin(), lows.end(), length);
    result.push_back(static_cast<std::size_t>(above - lows.begin()) - 1);
  }
  return result;
}

class PackedScorer final : public Scorer {
 public:
  PackedScorer(BaseModelPtr base, EncodedDataPtr data, std::vector<std::uint32_t> examples,
               const EvaluationConfig& evaluation)
      : base_(std::move(base)), data_(std::move(data)) {
    check_fits(*data_, base_->config());
    std::erase_if(examples, [this](std::uint32_t i) { return data_->length(i) == 0; });
    std::stable_sort(examples.begin(), examples.end(), [this](std::uint32_t a, std::uint32_t b) {
      return data_->length(a) < data_->length(b);
    });
    examples_ = std::move(examples);
    std::vector<std::int64_t> lengths;
    for (const std::uint32_t example : examples_) {
      lengths.push_back(static_cast<std::int64_t>(data_->context_tokens(example)));
    }
    bin_of_ = quantile_bins(lengths, std::max<std::int64_t>(1, evaluation.context_bins));
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      if (bin_of_[i] >= bins_.size()) {
        bins_.resize(bin_of_[i] + 1, {std::numeric_limits<std::int64_t>::max(), 0, {}});
      }
      ContextBin& bin = bins_[bin_of_[i]];
      bin.low = std::min(bin.low, lengths[i]);
      bin.high = std::max(bin.high, lengths[i]);
    }
    plan(evaluation.batch_tokens);
  }

  [[nodiscard]] Evaluation evaluate(const AdapterPtr& adapter) const override {
    const at::NoGradGuard no_grad;
    std::vector<float> values = adapter ? adapter->values : std::vector<float>();
    std::unique_ptr<LoraLeaves> lora;
    if (adapter) {
      lora = std::make_unique<LoraLeaves>(base_->config(), *adapter->layout, values.data(), false);
    }
    Evaluation result;
    result.by_context_length = bins_;
    for (const auto& [first, end] : batches_) {
      score_batch(lora.get(), first, end, result);
    }
    return result;
  }

 private:
  /// Batches are ranges of the examples, shortest first.
  void plan(std::int64_t batch_tokens) {
    std::int64_t tokens = 0;
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      const auto length = static_cast<std::int64_t>(data_->length(examples_[i]));
      if (batches_.empty() || tokens + length > batch_tokens) {
        batches_.emplace_back(i, i);
        tokens = 0;
      }
      batches_.back().second = i + 1;
      tokens += length;
    }
  }

  void score_batch(LoraLeaves* lora, std::size_t first, std::size_t end, Evaluation& result) const {
    const PackedBatch batch = pack(*data_, std::span(examples_).subspan(first, end - first));
    HeadResult head;
    if (!batch.labels.empty()) {
      head = head_loss(opt_forward(*base_, lora, batch, Rows::labelled), base_->weights().head,
                       batch.labels, 0.0);
    }
    std::size_t label = 0;
    for (std::size_t i = first; i < end; ++i) {
      Score score;
      score.examples = 1;
      const std::int64_t last_row = batch.offsets[i - first + 1];
      for (; label < batch.labels.size() && batch.label_rows[label] < last_row; ++label) {
        score.loss_sum += head.rows[label].loss;
        score.correct += head.rows[label].correct ? 1 : 0;
        ++score.label_tokens;
      }
      add(result.total, score);
      add(result.by_context_length[bin_of_[i]].score, score);
    }
  }

  BaseModelPtr base_;
  EncodedDataPtr data_;
  std::vector<std::uint32_t> examples_;  ///< by length, equal ones as given
  std::vector<std::size_t> bin_of_;
  std::vector<ContextBin> bins_;  ///< with empty scores
  std::vector<std::pair<std::size_t, std::size_t>> batches_;
};

}  // namespace

std::unique_ptr<Scorer> make_scorer(BaseModelPtr base, EncodedDataPtr data,
                                    std::vector<std::uint32_t> examples,
                                    const EvaluationConfig& evaluation) {
  return std::make_unique<PackedScorer>(std::move(base), std::move(data), std::move(examples),
                                        evaluation);
}

}  // namespace lorafleet::model
