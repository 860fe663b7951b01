#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "actors/report/curves.hpp"
#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"

namespace lorafleet::report {

namespace {

using Parts = std::vector<PartScore> Summary::*;

/// How far a part came.
double change_of(const ScoreKind& score, const PartScore& part) {
  return score.exponential ? part.final / part.initial : part.final - part.initial;
}

std::string range_sentence(const ScoreKind& score, const std::vector<PartScore>& parts) {
  const PartScore* most = nullptr;
  const PartScore* least = nullptr;
  for (const PartScore& part : parts) {
    const auto gains_more = [&](const PartScore& a, const PartScore& b) {
      return score.better(change_of(score, a), change_of(score, b));
    };
    if (most == nullptr || gains_more(part, *most)) most = &part;
    if (least == nullptr || gains_more(*least, part)) least = &part;
  }
  const auto change = [](const PartScore& part) {
    return number(part.initial) + " → " + number(part.final);
  };
  if (most == least) return most->name + ": " + score.key + " " + change(*most) + ".";
  return "“" + most->name + "” gained most, " + score.key + " " + change(*most) + "; “" +
         least->name + "” least, " + change(*least) + ".";
}

std::optional<Figure> range_figure(const Story& story, Parts which, const std::string& id,
                                   const std::string& title) {
  const auto& parts = story.data(0).summary.*which;
  if (parts.empty()) return std::nullopt;
  const ScoreKind& score = *story.score;
  Figure figure{id, title, range_sentence(score, parts), {}, {}};
  figure.plot.kind = PlotKind::ranges;
  figure.plot.x = {{score.axis, "", score.exponential}};
  Series first{"at first", 1};
  Series last{"at the end", 0};
  figure.table.head = {"part", "scored " + score.counted, "at first", "at the end",
                       score.exponential ? "ratio" : "gain"};
  for (const PartScore& part : parts) {
    figure.plot.categories.push_back(part.name);
    first.points.push_back({part.initial});
    last.points.push_back({part.final});
    figure.table.rows.push_back({part.name, number(part.counted), number(part.initial),
                                 number(part.final), number(change_of(score, part))});
  }
  figure.plot.series = {std::move(first), std::move(last)};
  return figure;
}

/// The last scores of all groups of runs, part by part.
std::optional<Figure> compared_figure(const Story& story, Parts which, const std::string& id,
                                      const std::string& title) {
  Figure figure{id, title, "", {}, {}};
  figure.plot.kind = PlotKind::bars;
  figure.plot.x = {{"", ""}};
  const ScoreKind& score = *story.score;
  figure.plot.y = {score.key + " at the end", ""};
  for (const PartScore& part : story.data(0).summary.*which)
    figure.plot.categories.push_back(part.name);
  if (figure.plot.categories.empty()) return std::nullopt;
  figure.table.head = {"run"};
  for (const std::string& name : figure.plot.categories)
    figure.table.head.push_back(name);
  for (std::size_t g = 0; g < story.groups.size(); ++g) {
    Series series{story.groups[g].label, g, static_cast<int>(g)};
    std::vector<std::string> row = {story.groups[g].label};
    for (const std::string& name : figure.plot.categories) {
      double sum = 0.0;
      double count = 0.0;
      for (const std::size_t run : story.groups[g].runs) {
        if (story.data(run).score != &score) continue;
        for (const PartScore& part : story.data(run).summary.*which) {
          if (part.name != name) continue;
          sum += part.final;
          count += 1.0;
        }
      }
      series.points.push_back({sum / count});
      row.push_back(number(sum / count));
    }
    figure.plot.series.push_back(std::move(series));
    figure.table.rows.push_back(std::move(row));
  }
  const std::size_t last = figure.plot.categories.size() - 1;
  std::size_t best = 0;
  for (std::size_t g = 1; g < figure.plot.series.size(); ++g) {
    if (score.better(figure.plot.series[g].points[last][0],
                     figure.plot.series[best].points[last][0])) {
      best = g;
    }
  }
  figure.sentence = "For “" + figure.plot.categories[last] + "”, " + figure.plot.series[best].name +
                    " is best with " + score.key + " " +
                    number(figure.plot.series[best].points[last][0]) + ".";
  return figure;
}

/// The score of each bin of context lengths over the run.
std::optional<Figure> length_curves(const RunData& run) {
  const std::string by_length = run.score->column() + "_";
  // "eval_perplexity_22_to_64" begins at 22.
  const auto low_of = [&](const std::string& column) {
    return std::atoll(column.substr(by_length.size()).c_str());
  };
  std::vector<const Curves::value_type*> bins;
  for (const auto& one : run.curves) {
    if (one.first.starts_with(by_length) && one.second.rows > 1) bins.push_back(&one);
  }
  if (bins.empty()) return std::nullopt;
  std::sort(bins.begin(), bins.end(),
            [&](const auto* a, const auto* b) { return low_of(a->first) < low_of(b->first); });
  Figure figure{"lengths", run.score->title + " by length of the context, over the run", ""};
  figure.plot.x = run_axes();
  figure.plot.y = {run.score->axis, ""};
  for (std::size_t i = 0; i < bins.size(); ++i) {
    std::string name = bins[i]->first.substr(by_length.size());
    std::replace(name.begin(), name.end(), '_', ' ');
    Series line{name + " tokens", i};
    for (const CurvePoint& point : bins[i]->second.points)
      line.points.push_back({point.seconds, point.version, point.bytes, point.tokens, point.value});
    figure.sentence += (i == 0 ? "At the end: " : ", ") + number(line.points.back().back()) +
                       " for contexts of " + line.name;
    figure.plot.series.push_back(std::move(line));
  }
  figure.sentence += ".";
  figure.table = series_table(figure.plot, "rounds.csv");
  return figure;
}

}  // namespace

Section quality_section(const Story& story) {
  Section section{"quality", "Quality", "", {}};
  const auto add = [&](Parts which, const std::string& id, const std::string& title) {
    auto figure = story.single() ? range_figure(story, which, id, title)
                                 : compared_figure(story, which, id, title);
    if (figure) section.figures.push_back(std::move(*figure));
  };
  if (story.single()) {
    if (auto figure = length_curves(story.data(0))) section.figures.push_back(std::move(*figure));
  }
  const std::string& score = story.score->title;
  add(&Summary::by_length, "by-length", score + " by length of the context, in tokens");
  add(&Summary::by_group, "by-group", score + " by group");
  return section;
}

}  // namespace lorafleet::report
