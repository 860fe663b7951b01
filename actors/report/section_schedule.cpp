#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "actors/report/curves.hpp"
#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "actors/report/tiers.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

struct FlightExtremes {
  double least = 0.0;
  double largest = 0.0;
  double mean = 0.0;
  double arrivals = 0.0;
};

FlightExtremes extremes_of(const Events& events) {
  FlightExtremes all;
  double seconds = 0.0;
  bool any = false;
  for (const Flight& cell : events.flight.cells()) {
    all.arrivals += static_cast<double>(cell.arrivals);
    if (cell.seconds <= 0.0) continue;
    all.least = any ? std::min(all.least, cell.least) : cell.least;
    all.largest = std::max(all.largest, cell.largest);
    all.mean += cell.integral;
    seconds += cell.seconds;
    any = true;
  }
  all.mean /= std::max(seconds, 1e-9);
  return all;
}

/// Mean jobs in flight in spans of virtual time, each as long as `spans` of the events' own.
std::vector<std::vector<double>> flight_line(const Events& events, std::size_t spans) {
  const auto& cells = events.flight.cells();
  std::vector<std::vector<double>> line;
  for (std::size_t begin = 0; begin < cells.size(); begin += spans) {
    Flight sum;
    for (std::size_t i = begin; i < std::min(begin + spans, cells.size()); ++i)
      sum.merge(cells[i]);
    if (sum.seconds <= 0.0) break;  // beyond the end
    line.push_back(
        {events.flight.width() * static_cast<double>(begin), sum.integral / sum.seconds});
  }
  return line;
}

void add_flight_band(const Events& events, const std::string& name, Plot& plot) {
  Series band{name, 0, -1, false, false, true};
  const auto& cells = events.flight.cells();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].seconds <= 0.0) continue;
    band.points.push_back(
        {events.flight.width() * static_cast<double>(i), cells[i].least, cells[i].largest});
  }
  plot.series.push_back(std::move(band));
}

/// The line of a group's jobs in flight, and its part of the sentence.
std::string add_flight(const Story& story, std::size_t group, Plot& plot) {
  double width = 0.0;
  for (const std::size_t run : story.groups[group].runs) {
    if (story.data(run).events) width = std::max(width, story.data(run).events->flight.width());
  }
  std::vector<std::vector<std::vector<double>>> lines;
  std::vector<double> means;
  for (const std::size_t run : story.groups[group].runs) {
    if (!story.data(run).events) continue;
    const Events& events = *story.data(run).events;
    // Widths are a first one, doubled some times.
    auto line =
        flight_line(events, static_cast<std::size_t>(std::lround(width / events.flight.width())));
    if (line.size() < 2) continue;
    lines.push_back(std::move(line));
    means.push_back(extremes_of(events).mean);
  }
  if (lines.empty()) return "";
  const std::string& label = story.groups[group].label;
  add_lines(lines, {label, group, story.single() ? -1 : static_cast<int>(group)}, plot);
  return over_seeds(means) + " for " + label;
}

std::string flight_sentence(const Events& events) {
  const FlightExtremes all = extremes_of(events);
  std::string text = all.least == all.largest
                         ? "Always " + number(all.mean) + " jobs at a time, over "
                         : "Between " + number(all.least) + " and " + number(all.largest) +
                               " jobs at a time, " + number(all.mean) + " on average over ";
  return text + duration(events.end_seconds) + " of virtual time; " +
         number(all.arrivals / std::max(events.end_seconds / 60.0, 1e-9)) +
         " updates arrived in a virtual minute. The band holds least and most of each span.";
}

std::optional<Figure> flight_figure(const Story& story) {
  Figure figure{"in-flight", "Jobs in flight", "", {}, {}};
  figure.plot.x = {{"virtual time", "s"}};
  figure.plot.y = {"jobs", ""};
  if (story.single() && story.data(0).events)
    add_flight_band(*story.data(0).events, story.labels[0], figure.plot);
  bool any = false;
  for (std::size_t group = 0; group < story.groups.size(); ++group) {
    const std::string part = add_flight(story, group, figure.plot);
    if (part.empty()) continue;
    figure.sentence += (any ? "; " : "On average in flight: ") + part;
    any = true;
  }
  if (!any) return std::nullopt;
  figure.sentence = story.single() ? flight_sentence(*story.data(0).events) : figure.sentence + ".";
  figure.table = series_table(figure.plot, "events.jsonl");
  return figure;
}

struct FateRow {
  std::string name;
  std::vector<std::pair<std::string, Fate>> fates;
};

std::vector<FateRow> fate_rows(const Story& story) {
  std::vector<FateRow> rows;
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    const RunData& data = story.data(run);
    if (!data.events || data.events->jobs == 0) continue;
    if (story.single()) {
      for (const TierGroup& group : tier_groups(data))
        rows.push_back({group.name, fates_of(*data.events, group)});
      continue;
    }
    TierGroup all;
    for (std::size_t tier = 0; tier < data.events->fates.size(); ++tier)
      all.tiers.push_back(tier);
    rows.push_back({story.labels[run], fates_of(*data.events, all)});
  }
  return rows;
}

std::int64_t jobs_in(const FateRow& row) {
  std::int64_t jobs = 0;
  for (const auto& [name, fate] : row.fates)
    jobs += fate.jobs;
  return jobs;
}

std::string fate_sentence(const std::vector<FateRow>& rows) {
  std::map<std::string, Fate> sums;
  std::int64_t jobs = 0;
  std::int64_t wasted = 0;
  std::int64_t tokens = 0;
  for (const FateRow& row : rows) {
    for (const auto& [name, fate] : row.fates) {
      sums[name].jobs += fate.jobs;
      jobs += fate.jobs;
      tokens += fate.tokens;
      if (name != Events::kApplied && name != Events::kInFlight) wasted += fate.tokens;
    }
  }
  const auto share = [&](std::int64_t count) {
    return percent(static_cast<double>(count) /
                   static_cast<double>(std::max<std::int64_t>(jobs, 1)));
  };
  const std::int64_t applied = sums[Events::kApplied].jobs;
  std::string text = "Of " + counted(jobs, "job") + ", " + grouped(applied) + " (" +
                     share(applied) + ") came into the model";
  sums.erase(Events::kApplied);
  std::vector<std::pair<std::string, Fate>> others(sums.begin(), sums.end());
  std::stable_sort(others.begin(), others.end(),
                   [](const auto& a, const auto& b) { return a.second.jobs > b.second.jobs; });
  for (const auto& [name, fate] : others) {
    text += ", " + grouped(fate.jobs) + " " + (name == Events::kInFlight ? "were " : "ended as “") +
            fate_text(name) + (name == Events::kInFlight ? "" : "”");
  }
  text += sums.empty() ? "; none was lost." : ".";
  if (wasted > 0 && tokens > 0) {
    text += " Jobs that ended in vain were for " +
            percent(static_cast<double>(wasted) / static_cast<double>(tokens)) + " of all tokens.";
  }
  return text;
}

std::optional<Figure> fate_figure(const Story& story) {
  const auto rows = fate_rows(story);
  if (rows.empty()) return std::nullopt;
  Figure figure{"fates",
                story.single() ? "What became of the jobs, by tier" : "What became of the jobs",
                fate_sentence(rows),
                {},
                {}};
  figure.plot.kind = PlotKind::bars;
  figure.plot.horizontal = true;
  figure.plot.stacked = true;
  figure.plot.x = {{"share of jobs", "%"}};
  std::vector<std::string> names;
  for (const FateRow& row : rows) {
    figure.plot.categories.push_back(row.name);
    for (const auto& [name, fate] : row.fates) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  figure.table.head = {story.single() ? "tier" : "run",
                       "ended as",
                       "jobs",
                       "share",
                       "tokens",
                       "bytes",
                       "energy (Wh)"};
  for (const std::string& name : names) {
    Series series{fate_text(name), fate_style(name)};
    for (const FateRow& row : rows) {
      const auto found = std::find_if(row.fates.begin(), row.fates.end(),
                                      [&](const auto& one) { return one.first == name; });
      const auto jobs = static_cast<double>(std::max<std::int64_t>(jobs_in(row), 1));
      const double share =
          found == row.fates.end() ? 0.0 : static_cast<double>(found->second.jobs) / jobs;
      series.points.push_back({100.0 * share});
      if (found == row.fates.end()) continue;
      const Fate& fate = found->second;
      figure.table.rows.push_back(
          {row.name, fate_text(name), grouped(fate.jobs), percent(share), grouped(fate.tokens),
           bytes_text(static_cast<double>(fate.bytes)), number(fate.joules / 3600.0)});
    }
    figure.plot.series.push_back(std::move(series));
  }
  return figure;
}

std::string client_name(const RunData& run, std::uint64_t client) {
  std::string name = std::to_string(client);
  if (run.clients && run.clients->tiers.size() > 1)
    name += " " + run.clients->tiers[run.clients->tier_of[client]].name;
  return name;
}

/// How much of the time that is drawn the clients were away.
std::string offline_sentence(const RunData& run) {
  const Events& events = *run.events;
  if (events.offline.empty()) return "";
  double away = 0.0;
  for (const OfflineBar& span : events.offline)
    away += span.end - span.start;
  const double all = events.bars_until * static_cast<double>(events.shown.size());
  // Of larger fleets offline.csv has the busiest clients alone.
  constexpr std::size_t kMostKnown = 1000;
  std::string text =
      run.clients->tier_of.size() > kMostKnown
          ? ". Pale: offline, as far as offline.csv tells"
          : ". Pale: offline, " + percent(away / std::max(all, 1e-9)) + " of the time";
  if (events.shortest_offline > 0.0)
    text += "; spans under " + duration(events.shortest_offline) + " are left out";
  return text;
}

/// Versions that can be told apart as lines.
bool can_draw_versions(const RunData& run) {
  constexpr std::size_t kMost = 150;
  return !run.version_seconds.empty() && run.version_seconds.size() <= kMost;
}

std::string gantt_sentence(const RunData& run) {
  const Events& events = *run.events;
  const std::size_t clients = events.shown.size();
  const auto with_jobs = std::count_if(run.clients->jobs.begin(), run.clients->jobs.end(),
                                       [](std::uint32_t jobs) { return jobs > 0; });
  const bool every = clients == run.clients->jobs.size();
  const bool all = static_cast<std::int64_t>(clients) == with_jobs;
  std::string text =
      (all ? "All " + counted(static_cast<std::int64_t>(clients), "client") +
                 (every ? "" : " that had jobs")
           : std::to_string(clients / 2) +
                 " of the busiest clients, of each tier where they fit, "
                 "and " +
                 std::to_string(clients - clients / 2) +
                 " spread by speed over the others that had jobs") +
      ", the fastest on top: " + counted(static_cast<std::int64_t>(events.bars.size()), "job") +
      " of " + grouped(events.jobs);
  if (events.bars_until < events.end_seconds)
    text += ", in the first " + duration(events.bars_until);
  text += offline_sentence(run);
  return text +
         ". A bar is thin while it downloads and uploads, and thick while it computes"
         ", waiting for the device included" +
         (can_draw_versions(run) ? "; vertical lines are new versions"
          : run.summary.figure("versions") > 0.0
              ? "; new versions are too many to be drawn as lines"
              : "") +
         ". trace.json, where it was written, shows all clients.";
}

std::optional<Figure> gantt_figure(const RunData& run) {
  if (!run.events || !run.clients || run.events->bars.empty()) return std::nullopt;
  const Events& events = *run.events;
  Figure figure{"gantt", "Who worked when", gantt_sentence(run), {}, {}, true};
  figure.plot.kind = PlotKind::gantt;
  figure.plot.x = {{"virtual time", "s"}};
  for (const std::uint64_t client : events.shown)
    figure.plot.categories.push_back(client_name(run, client));
  std::map<std::string, std::size_t> series;
  for (const JobBar& bar : events.bars) {
    const auto [found, is_new] = series.emplace(bar.fate, figure.plot.series.size());
    if (is_new) figure.plot.series.push_back({fate_text(bar.fate), fate_style(bar.fate)});
    figure.plot.spans.push_back({bar.row, bar.start, bar.downloaded, bar.computed, bar.end,
                                 found->second, static_cast<double>(bar.version)});
  }
  for (const OfflineBar& span : events.offline)
    figure.plot.absences.push_back({span.row, span.start, span.end});
  constexpr std::size_t kPale = 21;
  if (!events.offline.empty()) figure.plot.series.push_back({"offline", kPale});
  for (const double seconds : run.version_seconds) {
    if (can_draw_versions(run) && seconds <= events.bars_until)
      figure.plot.marks.push_back(seconds);
  }
  constexpr std::size_t kMostRows = 100;
  figure.table.head = {"client",          "from version", "start (s)", "download ended",
                       "computing ended", "end",          "ended as"};
  for (std::size_t i = 0; i < std::min(events.bars.size(), kMostRows); ++i) {
    const JobBar& bar = events.bars[i];
    figure.table.rows.push_back({figure.plot.categories[bar.row],
                                 grouped(static_cast<std::int64_t>(bar.version)), number(bar.start),
                                 number(bar.downloaded), number(bar.computed), number(bar.end),
                                 fate_text(bar.fate)});
  }
  if (events.bars.size() > kMostRows) {
    figure.table.note = "The first " + std::to_string(kMostRows) + " of the " +
                        grouped(static_cast<std::int64_t>(events.bars.size())) +
                        " jobs drawn. events.jsonl has all.";
  }
  return figure;
}

std::string tiers_html(const RunData& run) {
  if (!run.clients || run.clients->tiers.empty() || run.clients->tiers.size() > 50) return "";
  const double end = run.events ? run.events->end_seconds : 0.0;
  Table table;
  table.head = {"tier",
                "clients",
                "jobs",
                "updates received",
                "jobs lost",
                "in flight at the end",
                "updates refused",
                "busy",
                "computing",
                "energy (Wh)"};
  for (const TierFigures& tier : run.clients->tiers) {
    const double possible = end * static_cast<double>(tier.clients);
    table.rows.push_back({tier.name, grouped(tier.clients), grouped(tier.jobs),
                          grouped(tier.received), grouped(tier.lost), grouped(tier.in_flight),
                          grouped(tier.refused), percent(tier.busy_seconds / possible),
                          percent(tier.computing_seconds / possible), number(tier.energy_wh)});
  }
  table.note = "Busy and computing: of the virtual time of all clients of the tier.";
  return "<h3>Tiers</h3>\n" + table_html(table, "Tiers");
}

}  // namespace

Section schedule_section(const Story& story) {
  Section section{"schedule", "Schedule", "", {}};
  if (auto figure = flight_figure(story)) section.figures.push_back(std::move(*figure));
  if (auto figure = fate_figure(story)) section.figures.push_back(std::move(*figure));
  if (!story.single()) return section;
  if (auto figure = gantt_figure(story.data(0))) section.figures.push_back(std::move(*figure));
  section.html = tiers_html(story.data(0));
  return section;
}

}  // namespace lorafleet::report
