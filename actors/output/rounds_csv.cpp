#include "actors/output/rounds_csv.hpp"

#include <algorithm>
#include <set>

#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

namespace {

std::string cell(const std::optional<double>& value) {
  return value ? shortest(*value) : "";
}

std::string fold_cells(const std::optional<FoldFigures>& fold,
                       const std::set<std::int64_t>& ranks) {
  if (!fold) return std::string(5 + ranks.size(), ',');
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

}  // namespace

void RoundsCsv::add(const Event& event) {
  if (const auto* job = std::get_if<JobDispatched>(&event.what)) {
    totals_.bytes_down += job->bytes_down;
  } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    losses_[arrived->seq] = arrived->loss;
    totals_.train_tokens += arrived->tokens;
    totals_.bytes_up += arrived->bytes_up;
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    losses_.erase(lost->seq);
    ++totals_.updates_dropped;
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    latest_ = *made;
    double sum = 0.0;
    for (const auto& [seq, loss] : losses_)
      sum += loss;
    latest_train_loss_ = losses_.empty() ? 0.0 : sum / static_cast<double>(losses_.size());
    losses_.clear();
  }
}

void RoundsCsv::add_version(sim::Version version, sim::VirtualTime time) {
  Row row{time, totals_, latest_, latest_train_loss_, false, {}, {}};
  row.made.version = version;
  rows_.push_back(std::move(row));
}

void RoundsCsv::add_evaluation(sim::Version version, const model::Evaluation& evaluation) {
  auto& row = rows_.at(version.value);
  row.evaluated = true;
  row.score = evaluation.total;
  row.metrics = evaluation.metrics;
}

void RoundsCsv::write(const std::filesystem::path& file) const {
  const bool tiered = std::any_of(rows_.begin(), rows_.end(),
                                  [](const Row& row) { return row.made.tier.has_value(); });
  const bool folds = std::any_of(rows_.begin(), rows_.end(),
                                 [](const Row& row) { return row.made.fold.has_value(); });
  std::set<std::int64_t> ranks;
  for (const auto& row : rows_) {
    if (!row.made.fold) continue;
    for (const auto& [rank, share] : row.made.fold->views)
      ranks.insert(rank);
  }
  std::string text =
      "version,virtual_seconds,updates,mean_staleness,train_loss,step_norm,adapter_norm,"
      "updates_dropped,train_tokens,bytes_down,bytes_up,eval_loss,eval_perplexity,"
      "eval_token_accuracy";
  std::set<std::string> metrics;
  for (const auto& row : rows_) {
    for (const auto& [name, value] : row.metrics)
      metrics.insert(name);
  }
  for (const auto& name : metrics)
    text += ",eval_" + name;
  if (tiered) text += ",tier";
  if (folds) text += ",reconstruction_error,dropped_energy,effective_rank,mean_cosine,min_cosine";
  for (const std::int64_t rank : ranks)
    text += ",dropped_energy_r" + std::to_string(rank);
  text += '\n';
  for (const auto& row : rows_) {
    text += std::to_string(row.made.version.value) + ',' + shortest(row.time.seconds()) + ',' +
            std::to_string(row.made.updates) + ',' + shortest(row.made.mean_staleness) + ',' +
            shortest(row.train_loss) + ',' + shortest(row.made.step_norm) + ',' +
            shortest(row.made.adapter_norm) + ',' + std::to_string(row.totals.updates_dropped) +
            ',' + std::to_string(row.totals.train_tokens) + ',' +
            std::to_string(row.totals.bytes_down) + ',' + std::to_string(row.totals.bytes_up) + ',';
    if (row.evaluated) {
      text += shortest(row.score.loss()) + ',' + shortest(row.score.perplexity()) + ',' +
              shortest(row.score.token_accuracy());
    } else {
      text += ",,";
    }
    for (const auto& name : metrics) {
      const auto found = row.metrics.find(name);
      text += ',' + (found == row.metrics.end() ? "" : shortest(found->second));
    }
    if (tiered) text += ',' + (row.made.tier ? std::to_string(*row.made.tier) : "");
    if (folds) text += fold_cells(row.made.fold, ranks);
    text += '\n';
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
