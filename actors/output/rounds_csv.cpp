#include "actors/output/rounds_csv.hpp"

#include <algorithm>
#include <set>

#include "actors/output/csv_columns.hpp"
#include "partition/support/csv.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {

namespace {

template <typename T>
const T* find(const std::map<std::uint64_t, T>& by_version, std::uint64_t version) {
  const auto found = by_version.find(version);
  return found == by_version.end() ? nullptr : &found->second;
}

/// What some versions have and some have not: their columns are there if one has it.
struct Extras {
  std::set<std::string> metrics;
  bool classes = false;                                        ///< the base is a classifier
  std::vector<std::pair<std::int64_t, std::int64_t>> lengths;  ///< of contexts, in tokens
  bool tiers = false;
  bool folds = false;
  bool energy = false;
  std::set<std::int64_t> ranks;
};

template <typename T, typename Figure>
std::optional<double> figure_of(const T* from, const Figure& figure) {
  if (from == nullptr) return std::nullopt;
  return figure(*from);
}

template <typename Visitor>
void fold_columns(const FoldFigures* fold, const std::set<std::int64_t>& ranks, Visitor& visit) {
  const auto figure = [&](const char* name, const auto& field) {
    visit(name, figure_of(fold, [&](const FoldFigures& f) { return f.*field; }));
  };
  figure("reconstruction_error", &FoldFigures::reconstruction_error);
  figure("dropped_energy", &FoldFigures::dropped_energy);
  figure("effective_rank", &FoldFigures::effective_rank);
  figure("mean_cosine", &FoldFigures::mean_cosine);
  figure("min_cosine", &FoldFigures::min_cosine);
  for (const std::int64_t rank : ranks) {
    std::optional<double> share;
    if (fold != nullptr) {
      for (const auto& view : fold->views) {
        if (view.first == rank) share = view.second;
      }
    }
    visit("dropped_energy_r" + std::to_string(rank), share);
  }
}

/// Over the scored examples whose contexts are as long as those of the bin that begins at `low`.
template <typename Scores>
std::optional<double> figure_in_bin(const Scores* scores, std::int64_t low,
                                    double (model::Score::*figure)() const) {
  if (scores == nullptr) return std::nullopt;
  for (const model::ContextBin& bin : scores->lengths) {
    if (bin.low == low && bin.score.label_tokens > 0) return (bin.score.*figure)();
  }
  return std::nullopt;
}

template <typename Row, typename Scores, typename Visitor>
void columns(std::uint64_t version, const Row& row, const Scores* scores, const FoldFigures* fold,
             const Extras& extras, Visitor& visit) {
  visit("version", version);
  visit("virtual_seconds", row.time.seconds());
  visit("updates", row.updates);
  visit("mean_staleness", row.mean_staleness);
  visit("train_loss", row.train_loss);
  visit("step_norm", row.step_norm);
  visit("adapter_norm", row.adapter_norm);
  visit("updates_dropped", row.totals.updates_dropped);
  visit("train_tokens", row.totals.train_tokens);
  visit("bytes_down", row.totals.bytes_down);
  visit("bytes_up", row.totals.bytes_up);
  visit("updates_applied", row.totals.updates);
  if (extras.energy) visit("energy_wh", row.totals.joules / 3600.0);
  const auto score = [&](const char* name, double (model::Score::*figure)() const) {
    visit(name, figure_of(scores, [&](const Scores& s) { return (s.score.*figure)(); }));
  };
  score("eval_loss", &model::Score::loss);
  if (extras.classes) {
    score("eval_accuracy", &model::Score::accuracy);
    score("eval_f1", &model::Score::f1);
    score("eval_matthews", &model::Score::matthews);
  } else {
    score("eval_perplexity", &model::Score::perplexity);
    score("eval_token_accuracy", &model::Score::token_accuracy);
  }
  for (const auto& metric : extras.metrics) {
    const bool has = scores != nullptr && scores->metrics.contains(metric);
    visit("eval_" + metric, has ? std::optional(scores->metrics.at(metric)) : std::nullopt);
  }
  for (const auto& [low, high] : extras.lengths) {
    const std::string bin = std::to_string(low) + "_to_" + std::to_string(high);
    if (extras.classes) {
      visit("eval_accuracy_" + bin, figure_in_bin(scores, low, &model::Score::accuracy));
    } else {
      visit("eval_perplexity_" + bin, figure_in_bin(scores, low, &model::Score::perplexity));
    }
  }
  if (extras.tiers) visit("tier", row.tier);
  if (extras.folds) fold_columns(fold, extras.ranks, visit);
}

/// The mean of the losses, summed in the order of dispatch; 0 of none.
double mean_loss(std::vector<std::pair<sim::Sequence, double>> losses) {
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
    losses_.arrive(*arrived, {arrived->id.seq, arrived->loss});
    totals_.train_tokens += arrived->tokens;
    charge(arrived->used);
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    ++totals_.updates_dropped;
    if (lost->used) {
      charge(*lost->used);
    } else {
      losses_.refuse(lost->id.seq);
    }
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    latest_ = *made;
    totals_.updates += static_cast<std::int64_t>(made->updates);
    latest_train_loss_ = mean_loss(losses_.fold(*made));
  }
}

void RoundsCsv::charge(const sim::JobUsage& used) {
  totals_.bytes_down += used.bytes_down;
  totals_.bytes_up += used.bytes_up;
  totals_.joules += used.joules;
}

void RoundsCsv::add_version(sim::Version version, sim::VirtualTime time) {
  rows_.push_back({time, totals_, latest_train_loss_, latest_.updates, latest_.mean_staleness,
                   latest_.step_norm, latest_.adapter_norm, latest_.tier});
  if (latest_.fold) folds_[version.value] = *latest_.fold;
}

void RoundsCsv::add_evaluation(sim::Version version, const model::Evaluation& evaluation) {
  const bool apart = evaluation.by_context_length.size() > 1;
  scores_[version.value] = {
      evaluation.total, evaluation.metrics,
      apart ? evaluation.by_context_length : std::vector<model::ContextBin>()};
}

std::optional<TargetReached> RoundsCsv::reached(double perplexity) const {
  for (const auto& [version, scored] : scores_) {
    if (!(scored.score.perplexity() <= perplexity) || version >= rows_.size()) continue;
    const Row& row = rows_[version];
    const Totals& totals = row.totals;
    return TargetReached{version,           row.time,        totals.updates, totals.train_tokens,
                         totals.bytes_down, totals.bytes_up, totals.joules};
  }
  return std::nullopt;
}

void RoundsCsv::write(const std::filesystem::path& file) const {
  Extras extras;
  extras.tiers =
      std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.tier.has_value(); });
  extras.folds = !folds_.empty();
  extras.energy = totals_.joules > 0.0;
  for (const auto& [version, fold] : folds_) {
    for (const auto& [rank, share] : fold.views)
      extras.ranks.insert(rank);
  }
  for (const auto& [version, scored] : scores_) {
    extras.classes = extras.classes || scored.score.of_classifier();
    for (const auto& [name, value] : scored.metrics)
      extras.metrics.insert(name);
    if (!extras.lengths.empty()) continue;
    for (const auto& bin : scored.lengths)
      extras.lengths.emplace_back(bin.low, bin.high);
  }
  ColumnNames header;
  columns(0, Row{}, static_cast<const Scores*>(nullptr), nullptr, extras, header);
  std::string text = csv_line(header.cells);
  for (std::uint64_t version = 0; version < rows_.size(); ++version) {
    RowCells row;
    columns(version, rows_[version], find(scores_, version), find(folds_, version), extras, row);
    text += csv_line(row.cells);
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
