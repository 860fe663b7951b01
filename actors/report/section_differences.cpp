#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

constexpr std::size_t kMostKeys = 24;
constexpr std::size_t kMostBesideResults = 2;  // more keys than that have a table of their own

/// Keys that have not the same value in all runs, in the order of the scenario.
std::vector<std::string> differing_keys(const Story& story) {
  std::vector<std::string> keys;
  std::set<std::string> seen;
  for (const Run& run : story.runs) {
    for (const Setting& one : run.settings) {
      if (one.key == "name" || one.key == "seed" || !seen.insert(one.key).second) continue;
      const bool differs = std::any_of(story.runs.begin(), story.runs.end(), [&](const Run& other) {
        return setting(other, one.key) != one.value;
      });
      if (differs) keys.push_back(one.key);
    }
  }
  return keys;
}

std::string best_value(const Story& story, std::size_t run) {
  const Curve* curve = score_of(story, run);
  return curve == nullptr ? "–" : number(best_of(story, *curve).value);
}

std::string value_of(const Run& run, const std::string& key) {
  const std::string value = setting(run, key);
  return value.empty() ? "–" : value;
}

/// Keys of settings: whichever are fewer, keys or settings, are the columns.
Table keys_table(const Story& story, const std::vector<std::string>& keys) {
  const bool keys_down = story.groups.size() <= keys.size();
  Table table;
  table.sortable = !keys_down;
  table.head = {keys_down ? "key" : "setting"};
  for (const Group& group : story.groups) {
    if (keys_down) table.head.push_back(group.label);
    if (keys_down) continue;
    std::vector<std::string> cells = {group.label};
    for (const std::string& key : keys)
      cells.push_back(value_of(story.runs[group.runs.front()], key));
    table.rows.push_back(std::move(cells));
  }
  for (const std::string& key : keys) {
    if (!keys_down) table.head.push_back(key);
    if (!keys_down) continue;
    std::vector<std::string> cells = {key};
    for (const Group& group : story.groups)
      cells.push_back(value_of(story.runs[group.runs.front()], key));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// What each run reached, against the virtual time that it took.
std::optional<Figure> outcome_figure(const Story& story) {
  Figure figure{"outcome", "What was reached, and how long it took", ""};
  figure.plot.kind = PlotKind::scatter;
  figure.plot.x = {{"virtual time", "s"}};
  const ScoreKind& kind = *story.score;
  figure.plot.y = {kind.key + " at the end", ""};
  figure.table.head = {"run", "virtual seconds", kind.key + " at the end"};
  std::size_t best = story.runs.size();
  std::size_t fastest = best;
  const auto score = [&](std::size_t run) {
    return story.data(run).summary.figure("final." + kind.key);
  };
  const auto seconds = [&](std::size_t run) {
    return story.data(run).summary.figure("virtual_seconds");
  };
  for (std::size_t g = 0; g < story.groups.size(); ++g) {
    Series dots{story.groups[g].label, g, static_cast<int>(g)};
    for (const std::size_t run : story.groups[g].runs) {
      if (!std::isfinite(score(run)) || !std::isfinite(seconds(run))) continue;
      dots.points.push_back({seconds(run), score(run)});
      figure.table.rows.push_back({story.labels[run], number(seconds(run)), number(score(run))});
      if (best == story.runs.size() || kind.better(score(run), score(best))) best = run;
      if (fastest == story.runs.size() || seconds(run) < seconds(fastest)) fastest = run;
    }
    figure.plot.series.push_back(std::move(dots));
  }
  if (figure.table.rows.size() < 2) return std::nullopt;
  const auto what = [&](std::size_t run) {
    return kind.key + " " + number(score(run)) + " in " + duration(seconds(run));
  };
  figure.sentence = best == fastest
                        ? story.labels[best] + " is both the best and the shortest: " + what(best)
                        : "The best is " + story.labels[best] + ", " + what(best) +
                              "; the shortest is " + story.labels[fastest] + ", " + what(fastest);
  figure.sentence += ".";
  return figure;
}

}  // namespace

Section differences_section(const Story& story) {
  if (story.single()) return {};
  auto keys = differing_keys(story);
  const std::size_t differing = keys.size();
  const bool beside = differing <= kMostBesideResults;
  keys.resize(std::min(differing, kMostKeys));
  Table table;
  table.sortable = true;
  table.head = {"run",
                "seed",
                story.score->key + " at the end",
                story.score->best,
                "virtual seconds",
                "versions",
                "updates applied",
                "jobs lost",
                "bytes",
                "status"};
  if (beside) table.head.insert(table.head.end(), keys.begin(), keys.end());
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    const Summary& summary = story.data(run).summary;
    std::vector<std::string> cells = {story.labels[run], number(summary.figure("seed"))};
    cells.push_back(number(summary.figure("final." + story.score->key)));
    cells.push_back(best_value(story, run));
    for (const char* figure : {"virtual_seconds", "versions", "updates_applied", "jobs_lost"})
      cells.push_back(number(summary.figure(figure)));
    cells.push_back(bytes_text(summary.figure("bytes_down") + summary.figure("bytes_up")));
    cells.push_back(summary.text("status").empty() ? "not ended" : summary.text("status"));
    for (std::size_t key = 0; beside && key < keys.size(); ++key)
      cells.push_back(value_of(story.runs[run], keys[key]));
    table.rows.push_back(std::move(cells));
  }
  const std::string sentence =
      keys.empty() ? "The runs differ in nothing but their seed and name."
                   : "The runs differ in " + counted(static_cast<std::int64_t>(differing), "key") +
                         " of their scenarios.";
  Section section{"differences", "What differs",
                  paragraph(sentence) + table_html(table, "Runs, their results and keys")};
  if (!beside) {
    Table own = keys_table(story, keys);
    if (keys.size() < differing)
      own.note = grouped(static_cast<std::int64_t>(differing - keys.size())) + " more keys differ.";
    section.html += "<h3>Keys that differ</h3>\n" + table_html(own, "Keys that differ");
  }
  if (auto figure = outcome_figure(story)) section.figures.push_back(std::move(*figure));
  return section;
}

}  // namespace lorafleet::report
