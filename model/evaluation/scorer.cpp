#include "model/evaluation/scorer.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/evaluation/sequence_scores.hpp"
#include "model/training/batching.hpp"
#include "partition/support/quantiles.hpp"

namespace lorafleet::model {
namespace {

class PackedScorer final : public Scorer {
 public:
  PackedScorer(BaseModelPtr base, EncodedDataPtr data, Indices examples,
               const EvaluationConfig& evaluation, const std::vector<std::string>& groups)
      : base_(std::move(base)), data_(std::move(data)), batch_tokens_(evaluation.batch_tokens) {
    check_fits(*data_, base_->shape());
    std::erase_if(examples, [this](std::uint32_t i) { return data_->length(i) == 0; });
    std::stable_sort(examples.begin(), examples.end(), [this](std::uint32_t a, std::uint32_t b) {
      return data_->length(a) < data_->length(b);
    });
    examples_ = std::move(examples);
    std::vector<std::int64_t> lengths;
    for (const std::uint32_t example : examples_) {
      lengths.push_back(static_cast<std::int64_t>(data_->context_tokens(example)));
    }
    const auto edges = quantile_edges(
        lengths, static_cast<std::size_t>(std::max<std::int64_t>(1, evaluation.context_bins)));
    for (const std::int64_t length : lengths)
      bin_of_.push_back(bin_at(edges, length));
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      if (bin_of_[i] >= bins_.size()) {
        bins_.resize(bin_of_[i] + 1, {std::numeric_limits<std::int64_t>::max(), 0, {}});
      }
      ContextBin& bin = bins_[bin_of_[i]];
      bin.low = std::min(bin.low, lengths[i]);
      bin.high = std::max(bin.high, lengths[i]);
    }
    if (!groups.empty()) find_groups(groups, static_cast<std::size_t>(evaluation.groups));
  }

  [[nodiscard]] Evaluation evaluate(const AdapterPtr& adapter) const override {
    Evaluation result;
    result.by_context_length = bins_;
    result.by_group = groups_;
    const auto scores = score_sequences(*base_, adapter, *data_, examples_, batch_tokens_);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      result.total += scores[i];
      result.by_context_length[bin_of_[i]].score += scores[i];
      if (!group_of_.empty() && group_of_[i] < groups_.size()) {
        result.by_group[group_of_[i]].score += scores[i];
      }
    }
    return result;
  }

 private:
  /// The `count` largest groups of the examples, equal ones by name.
  void find_groups(const std::vector<std::string>& group_of_example, std::size_t count) {
    std::map<std::string, std::size_t> sizes;
    for (const std::uint32_t example : examples_)
      ++sizes[group_of_example[example]];
    std::vector<std::pair<std::string, std::size_t>> order(sizes.begin(), sizes.end());
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    order.resize(std::min(order.size(), count));
    std::map<std::string, std::size_t> place;
    for (const auto& [name, size] : order) {
      place.emplace(name, groups_.size());
      groups_.push_back({name, {}});
    }
    for (const std::uint32_t example : examples_) {
      const auto found = place.find(group_of_example[example]);
      group_of_.push_back(found == place.end() ? groups_.size() : found->second);
    }
  }

  BaseModelPtr base_;
  EncodedDataPtr data_;
  Indices examples_;  ///< by length, equal ones as given
  std::vector<std::size_t> bin_of_;
  std::vector<ContextBin> bins_;       ///< with empty scores
  std::vector<std::size_t> group_of_;  ///< of each example; groups_.size(): none of them
  std::vector<GroupScore> groups_;     ///< with empty scores
  std::int64_t batch_tokens_;
};

}  // namespace

std::unique_ptr<Scorer> make_scorer(BaseModelPtr base, EncodedDataPtr data, Indices examples,
                                    const EvaluationConfig& evaluation,
                                    const std::vector<std::string>& groups) {
  return std::make_unique<PackedScorer>(std::move(base), std::move(data), std::move(examples),
                                        evaluation, groups);
}

}  // namespace lorafleet::model
