#include <algorithm>
#include <cmath>

#include "actors/report/curves.hpp"
#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "actors/report/tiers.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

const CurvePoint* first_below(const Curve& curve, double target) {
  const auto found = std::find_if(curve.records.begin(), curve.records.end(),
                                  [&](const CurvePoint& point) { return point.value <= target; });
  return found == curve.records.end() ? nullptr : &*found;
}

const CurvePoint* reached(const Story& story, std::size_t run) {
  const Curve* curve = perplexity_of(story.runs[run]);
  return curve == nullptr ? nullptr : first_below(*curve, *story.target);
}

std::string target_sentence(const Story& story) {
  std::size_t count = 0;
  std::size_t first = story.runs.size();
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    const CurvePoint* at = reached(story, run);
    if (at == nullptr) continue;
    ++count;
    if (first == story.runs.size() || at->seconds < reached(story, first)->seconds) first = run;
  }
  std::string text =
      "Target: perplexity " + number(*story.target) + " (" + story.target_reason + "). ";
  if (count == 0) return text + "It was not reached.";
  const CurvePoint* at = reached(story, first);
  const std::string when = duration(at->seconds) + " of virtual time, at version " +
                           grouped(std::llround(at->version)) + ", with " + bytes_text(at->bytes) +
                           " over the links";
  if (story.single()) return text + "It was reached after " + when + ".";
  return text + grouped(static_cast<std::int64_t>(count)) + " of " +
         counted(static_cast<std::int64_t>(story.runs.size()), "run") + " reached it, first " +
         story.labels[first] + " after " + when + ".";
}

/// Why times are not compared, where they were to be.
std::string baseline_note(const Story& story) {
  if (!story.options.baseline || reached(story, *story.options.baseline) != nullptr) return "";
  return " The baseline, " + story.labels[*story.options.baseline] +
         ", did not reach it: there is no time to compare with.";
}

std::string target_html(const Story& story) {
  if (!story.target || !has_curve(story, "eval_perplexity")) return "";
  const std::size_t base = story.options.baseline.value_or(0);
  const CurvePoint* base_at = reached(story, base);
  const bool compared = story.options.baseline.has_value();
  Table table;
  table.sortable = story.runs.size() > 1;
  table.head = {"run", "virtual seconds", "version", "bytes", "tokens trained on", "energy (Wh)"};
  if (compared) table.head.push_back("time against " + story.labels[base]);
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    const CurvePoint* at = reached(story, run);
    std::vector<std::string> cells = {story.labels[run]};
    if (at == nullptr) {
      cells.insert(cells.end(), {"not reached", "–", "–", "–", "–"});
      if (compared) cells.emplace_back("–");
    } else {
      cells.insert(cells.end(),
                   {number(at->seconds), grouped(std::llround(at->version)), bytes_text(at->bytes),
                    number(at->tokens), at->energy_wh > 0.0 ? number(at->energy_wh) : "–"});
      if (compared)
        cells.push_back(base_at == nullptr ? "–" : "× " + number(at->seconds / base_at->seconds));
    }
    table.rows.push_back(std::move(cells));
  }
  return "<h3>To the target</h3>\n" + paragraph(target_sentence(story) + baseline_note(story)) +
         table_html(table, "To the target");
}

std::string loss_sentence(const Plot& plot) {
  std::string text;
  for (const Series& series : plot.series) {
    if (series.band || series.points.size() < 2) continue;
    text += (text.empty() ? "" : "; ") + series.name + ": median " +
            number(series.points.front()[1]) + " at first, " + number(series.points.back()[1]) +
            " at the end";
  }
  return text.empty() ? text : "Training loss of the updates that arrived. " + text + ".";
}

/// Median and the middle 80 % of the updates' training losses over virtual time, by tier.
std::optional<Figure> loss_figure(const RunData& run) {
  if (!run.events) return std::nullopt;
  Figure figure{"training-loss", "Training loss of updates", "", {}, {}};
  figure.plot.x = {{"virtual time", "s"}};
  figure.plot.y = {run.score->loss_axis, ""};
  const auto groups = tier_groups(run);
  const auto& losses = run.events->losses;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Series median{groups[g].name, g};
    Series band = median;
    band.band = true;
    for (std::size_t i = 0; i < losses.cells().size(); ++i) {
      QuantileSketch sketch;
      for (const std::size_t tier : groups[g].tiers) {
        if (tier < losses.cells()[i].tiers.size()) sketch.merge(losses.cells()[i].tiers[tier]);
      }
      if (sketch.count() == 0) continue;
      const double at =
          std::min(losses.width() * (static_cast<double>(i) + 0.5), run.events->end_seconds);
      median.points.push_back({at, sketch.quantile(0.5)});
      band.points.push_back({at, sketch.quantile(0.1), sketch.quantile(0.9)});
    }
    if (median.points.empty()) continue;
    if (groups.size() <= 3) figure.plot.series.push_back(std::move(band));
    figure.plot.series.push_back(std::move(median));
  }
  if (figure.plot.series.empty()) return std::nullopt;
  figure.sentence = loss_sentence(figure.plot);
  if (groups.size() <= 3) figure.sentence += " The bands hold the middle 80 % of them.";
  figure.table = series_table(figure.plot, "events.jsonl");
  return figure;
}

/// "eval_rouge_l" as a title: "rouge l".
std::string metric_title(const std::string& column) {
  std::string title = column.substr(std::string("eval_").size());
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

void add_metrics(const Story& story, Section& section) {
  std::vector<std::string> columns;
  for (const Run& run : story.runs) {
    for (const auto& [name, curve] : run.data.curves) {
      const bool known = name.starts_with("eval_perplexity") ||
                         name.starts_with("eval_accuracy_") || name == story.score->column() ||
                         name == "eval_loss" || name == "eval_token_accuracy";
      if (name.starts_with("eval_") && !known &&
          std::find(columns.begin(), columns.end(), name) == columns.end())
        columns.push_back(name);
    }
  }
  for (const std::string& name : columns) {
    if (!has_curve(story, name)) continue;
    const std::string title = metric_title(name);
    section.figures.push_back(curve_figure(
        story, {name, "metric-" + std::to_string(section.figures.size()), title, title, false}));
  }
}

}  // namespace

Section learning_section(const Story& story) {
  Section section{"learning", "Learning", "", {}};
  const ScoreKind& score = *story.score;
  if (has_curve(story, score.column())) {
    section.figures.push_back(
        curve_figure(story, {score.column(), score.key, "Held-out " + score.key, score.axis,
                             score.falls, score.exponential}));
  }
  if (!score.exponential && has_curve(story, "eval_loss")) {
    section.figures.push_back(
        curve_figure(story, {"eval_loss", "loss", "Held-out loss", score.loss_axis}));
  }
  if (has_curve(story, "eval_token_accuracy")) {
    section.figures.push_back(curve_figure(
        story, {"eval_token_accuracy", "accuracy", "Token accuracy", "share of tokens", false}));
  }
  add_metrics(story, section);
  if (story.single()) {
    if (auto figure = loss_figure(story.data(0))) section.figures.push_back(std::move(*figure));
  } else if (has_curve(story, "train_loss")) {
    section.figures.push_back(
        curve_figure(story, {"train_loss", "training-loss",
                             "Training loss of the updates in a version", score.loss_axis}));
  }
  section.html = target_html(story);
  return section;
}

}  // namespace lorafleet::report
