#include "actors/output/rounds_csv.hpp"

#include <algorithm>
#include <set>

#include "partition/support/csv.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

namespace {

std::string cell(const std::optional<double>& value) {
  return value ? shortest(*value) : "";
}

std::string fold_cells(const FoldFigures* fold, const std::set<std::int64_t>& ranks) {
  if (fold == nullptr) return std::string(5 + ranks.size(), ',');
  std::string text = ',' + cell(fold->reconstruction_error) + ',' + shortest(fold->dropped_energy) +
                     ',' + cell(fold->effective_rank) + ',' + shortest(fold->mean_cosine) + ',' +
                     shortest(fold->min_cosine);
  for (const std::int64_t rank : ranks) {
    const auto found = std::find_if(fold->views.begin(), fold->views.end(),
                                    [&](const auto& view) { return view.first == rank; });
    text += ',' + (found == fold->views.end() ? "" : shortest(found->second));
  }
  return text;
}

template <typename T>
const T* find(const std::map<std::uint64_t, T>& by_version, std::uint64_t version) {
  const auto found = by_version.find(version);
  return found == by_version.end() ? nullptr : &found->second;
}

/// The mean of the losses, summed in the order of dispatch; 0 of none.
double mean_loss(std::vector<std::pair<sim::Sequence, double>>& losses) {
  std::sort(losses.begin(), losses.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  double sum = 0.0;
  for (const auto& [seq, loss] : losses)
    sum += loss;
  return losses.empty() ? 0.0 : sum / static_cast<double>(losses.size());
}

}  // namespace

void RoundsCsv::add(const Event& event) {
  if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    waiting_[arrived->tier.value_or(0)].emplace_back(arrived->id.seq, arrived->loss);
    totals_.train_tokens += arrived->tokens;
    charge(arrived->used);
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    ++totals_.updates_dropped;
    if (lost->used) {
      charge(*lost->used);
    } else {
      refused_.insert(lost->id.seq.value);
    }
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    latest_ = *made;
    auto& folded = waiting_[made->tier.value_or(0)];
    std::erase_if(folded,
                  [&](const auto& update) { return refused_.erase(update.first.value) > 0; });
    latest_train_loss_ = mean_loss(folded);
    folded.clear();
  }
}

void RoundsCsv::charge(const sim::JobUsage& used) {
  totals_.bytes_down += used.bytes_down;
  totals_.bytes_up += used.bytes_up;
}

void RoundsCsv::add_version(sim::Version version, sim::VirtualTime time) {
  rows_.push_back({time, totals_, latest_train_loss_, latest_.updates, latest_.mean_staleness,
                   latest_.step_norm, latest_.adapter_norm, latest_.tier});
  if (latest_.fold) folds_[version.value] = *latest_.fold;
}

void RoundsCsv::add_evaluation(sim::Version version, const model::Evaluation& evaluation) {
  scores_[version.value] = {evaluation.total, evaluation.metrics};
}

void RoundsCsv::write(const std::filesystem::path& file) const {
  const bool tiered =
      std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.tier.has_value(); });
  std::set<std::int64_t> ranks;
  for (const auto& [version, fold] : folds_) {
    for (const auto& [rank, share] : fold.views)
      ranks.insert(rank);
  }
  std::string text =
      "version,virtual_seconds,updates,mean_staleness,train_loss,step_norm,adapter_norm,"
      "updates_dropped,train_tokens,bytes_down,bytes_up,eval_loss,eval_perplexity,"
      "eval_token_accuracy";
  std::set<std::string> metrics;
  for (const auto& [version, scored] : scores_) {
    for (const auto& [name, value] : scored.metrics)
      metrics.insert(name);
  }
  for (const auto& name : metrics)
    text += ',' + csv_field("eval_" + name);
  if (tiered) text += ",tier";
  if (!folds_.empty())
    text += ",reconstruction_error,dropped_energy,effective_rank,mean_cosine,min_cosine";
  for (const std::int64_t rank : ranks)
    text += ",dropped_energy_r" + std::to_string(rank);
  text += '\n';
  for (std::uint64_t version = 0; version < rows_.size(); ++version) {
    const Row& row = rows_[version];
    text += std::to_string(version) + ',' + shortest(row.time.seconds()) + ',' +
            std::to_string(row.updates) + ',' + shortest(row.mean_staleness) + ',' +
            shortest(row.train_loss) + ',' + shortest(row.step_norm) + ',' +
            shortest(row.adapter_norm) + ',' + std::to_string(row.totals.updates_dropped) + ',' +
            std::to_string(row.totals.train_tokens) + ',' + std::to_string(row.totals.bytes_down) +
            ',' + std::to_string(row.totals.bytes_up) + ',';
    const Scores* scored = find(scores_, version);
    if (scored != nullptr) {
      text += shortest(scored->score.loss()) + ',' + shortest(scored->score.perplexity()) + ',' +
              shortest(scored->score.token_accuracy());
    } else {
      text += ",,";
    }
    for (const auto& name : metrics) {
      const bool has = scored != nullptr && scored->metrics.contains(name);
      text += ',' + (has ? shortest(scored->metrics.at(name)) : "");
    }
    if (tiered) text += ',' + (row.tier ? std::to_string(*row.tier) : "");
    if (!folds_.empty()) text += fold_cells(find(folds_, version), ranks);
    text += '\n';
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
