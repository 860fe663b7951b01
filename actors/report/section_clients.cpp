#include <algorithm>
#include <cmath>
#include <functional>
#include <future>
#include <numeric>
#include <optional>
#include <utility>

#include "actors/report/curves.hpp"
#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "actors/report/tiers.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

constexpr std::size_t kMostDots = 1500;
constexpr std::size_t kSpeedBins = 20;
constexpr std::size_t kMostLocal = 400;

/// Share of the updates that the least active clients sent, in hundredths of the clients.
std::vector<std::vector<double>> lorenz(std::vector<std::uint32_t> counts) {
  std::sort(counts.begin(), counts.end());
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  std::vector<std::vector<double>> points = {{0.0, 0.0}};
  double sum = 0.0;
  std::size_t next = 0;
  const std::size_t steps = std::min<std::size_t>(counts.size(), 100);
  for (std::size_t step = 1; step <= steps; ++step) {
    const std::size_t end = step * counts.size() / steps;
    for (; next < end; ++next)
      sum += counts[next];
    points.push_back({100.0 * static_cast<double>(end) / static_cast<double>(counts.size()),
                      100.0 * sum / std::max(all, 1.0)});
  }
  return points;
}

bool took_part(const Run& run) {
  return run.data.clients && run.data.clients->received.size() > 1 &&
         std::any_of(run.data.clients->received.begin(), run.data.clients->received.end(),
                     [](std::uint32_t count) { return count > 0; });
}

/// The share of the updates that the most active tenth of the clients sent.
double top_tenth(std::vector<std::uint32_t> counts) {
  std::sort(counts.begin(), counts.end(), std::greater<>());
  const auto tenth = counts.begin() + static_cast<std::ptrdiff_t>((counts.size() + 9) / 10);
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  return std::accumulate(counts.begin(), tenth, 0.0) / std::max(all, 1.0);
}

std::string participation_sentence(const std::vector<std::uint32_t>& received) {
  const auto never = std::count(received.begin(), received.end(), 0U);
  return "The most active tenth of the clients sent " + percent(top_tenth(received)) +
         " of the updates; " +
         (never == 0
              ? std::string("every client sent one at least")
              : grouped(never) + " of " + grouped(static_cast<std::int64_t>(received.size())) +
                    " clients sent none") +
         ". The Gini coefficient is " + number(gini_of(received)) + ".";
}

std::optional<Figure> lorenz_figure(const Story& story) {
  Figure figure{"participation", "Who takes part", "", {}, {}};
  figure.plot.x = {{"share of clients, the least active first", "%"}};
  figure.plot.y = {"share of updates", "%"};
  figure.plot.diagonal = true;
  for (std::size_t group = 0; group < story.groups.size(); ++group) {
    std::vector<std::vector<std::vector<double>>> lines;
    std::vector<double> ginis;
    for (const std::size_t run : story.groups[group].runs) {
      if (!took_part(story.runs[run])) continue;
      lines.push_back(lorenz(story.data(run).clients->received));
      ginis.push_back(gini_of(story.data(run).clients->received));
    }
    if (lines.empty()) continue;
    const std::string& label = story.groups[group].label;
    add_lines(
        lines,
        {story.single() ? "updates" : label, group, story.single() ? -1 : static_cast<int>(group)},
        figure.plot);
    figure.sentence += (figure.sentence.empty() ? "Gini coefficient: " : "; ") + over_seeds(ginis) +
                       " for " + label;
  }
  if (figure.plot.series.empty()) return std::nullopt;
  figure.sentence = story.single() ? participation_sentence(story.data(0).clients->received)
                                   : figure.sentence + ".";
  figure.table = series_table(figure.plot, "clients.csv");
  return figure;
}

/// The values in ascending order, each with its place; of equals the earlier place first.
std::vector<std::pair<double, std::uint32_t>> in_order(const std::vector<double>& values) {
  std::vector<std::pair<double, std::uint32_t>> order;
  order.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    order.emplace_back(values[i], static_cast<std::uint32_t>(i));
  std::sort(order.begin(), order.end());
  return order;
}

/// From 0; equals share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  const auto order = in_order(values);
  std::vector<double> rank(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && order[end].first == order[i].first)
      ++end;
    for (std::size_t j = i; j < end; ++j)
      rank[order[j].second] = static_cast<double>(i + end - 1) / 2.0;
    i = end;
  }
  return rank;
}

/// Pearson's correlation of the ranks (Spearman's).
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  auto ranks_of_b = std::async(std::launch::async, [&b] { return ranks(b); });
  const auto x = ranks(a);
  const auto y = ranks_of_b.get();
  const double mean = (static_cast<double>(x.size()) - 1.0) / 2.0;
  double xy = 0.0;
  double xx = 0.0;
  double yy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xx > 0.0 && yy > 0.0 ? xy / std::sqrt(xx * yy) : 0.0;
}

std::string correlation_words(double value, const std::string& more, const std::string& less) {
  const std::string rank = " (rank correlation " + number(value) + ").";
  if (std::abs(value) < 0.2) return "There is hardly a link between the two" + rank;
  const std::string strength = std::abs(value) < 0.5 ? "Somewhat: " : "Clearly: ";
  return strength + (value > 0.0 ? more : less) + rank;
}

struct SpeedPlot {
  std::vector<double> speeds;
  std::vector<double> values;
  std::vector<std::size_t> tiers;
};

/// Dots of clients, or where they are many, quantiles by twentieths of the clients by speed.
void plot_by_speed(const SpeedPlot& data, const std::vector<TierGroup>& groups, Figure& figure) {
  figure.plot.x = {{"device speed, tokens/s", "", true}};
  if (data.speeds.size() <= kMostDots) {
    figure.plot.kind = PlotKind::scatter;
    figure.table.head = {"tier", "tokens/s", figure.plot.y.name};
    constexpr std::size_t kMostRows = 100;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      Series dots{groups[g].name, g};
      for (std::size_t i = 0; i < data.speeds.size(); ++i) {
        const auto& tiers = groups[g].tiers;
        if (std::find(tiers.begin(), tiers.end(), data.tiers[i]) == tiers.end()) continue;
        dots.points.push_back({data.speeds[i], data.values[i]});
        if (figure.table.rows.size() < kMostRows)
          figure.table.rows.push_back(
              {groups[g].name, number(data.speeds[i]), number(data.values[i])});
      }
      figure.plot.series.push_back(std::move(dots));
    }
    if (data.speeds.size() > kMostRows)
      figure.table.note = "The first " + std::to_string(kMostRows) + "; clients.csv has all.";
    return;
  }
  const auto order = in_order(data.speeds);
  Series median{"median", 0};
  Series mean{"mean", 0};
  Series band{"the middle 80 %", 0, -1, false, false, true};
  for (std::size_t bin = 0; bin < kSpeedBins; ++bin) {
    const std::size_t begin = bin * order.size() / kSpeedBins;
    const std::size_t end = (bin + 1) * order.size() / kSpeedBins;
    std::vector<double> values;
    for (std::size_t i = begin; i < end; ++i)
      values.push_back(data.values[order[i].second]);
    std::sort(values.begin(), values.end());
    const auto quantile = [&](double share) {
      return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    const double speed = order[(begin + end) / 2].first;
    median.points.push_back({speed, quantile(0.5)});
    mean.points.push_back({speed, std::accumulate(values.begin(), values.end(), 0.0) /
                                      static_cast<double>(values.size())});
    band.points.push_back({speed, quantile(0.1), quantile(0.9)});
  }
  // Where most clients have the same, medians say nothing.
  const bool flat = std::all_of(median.points.begin(), median.points.end(), [&](const auto& point) {
    return point[1] == median.points.front()[1];
  });
  figure.plot.series = {std::move(band), std::move(flat ? mean : median)};
  figure.table = series_table(figure.plot, "clients.csv");
}

SpeedPlot by_speed(const Clients& clients, const std::vector<std::uint32_t>& values) {
  SpeedPlot data;
  for (std::size_t i = 0; i < clients.tier_of.size() && i < values.size(); ++i) {
    if (!(clients.speed[i] > 0.0F)) continue;
    data.speeds.push_back(static_cast<double>(clients.speed[i]));
    data.values.push_back(values[i]);
    data.tiers.push_back(clients.tier_of[i]);
  }
  return data;
}

std::string how_drawn(const Figure& figure) {
  return figure.plot.kind == PlotKind::scatter
             ? ""
             : " The line is the " + figure.plot.series.back().name +
                   " of a twentieth of the clients, the band holds the middle 80 % of it.";
}

std::optional<Figure> speed_figure(const RunData& run) {
  const SpeedPlot data = by_speed(*run.clients, run.clients->received);
  if (data.speeds.size() < 2) return std::nullopt;
  Figure figure{"updates-speed", "Updates against device speed", "", {}, {}};
  figure.plot.y = {"updates received", ""};
  plot_by_speed(data, tier_groups(run), figure);
  figure.sentence = correlation_words(rank_correlation(data.speeds, data.values),
                                      "the faster a device, the more updates come from it",
                                      "the faster a device, the fewer updates come from it") +
                    how_drawn(figure);
  return figure;
}

std::optional<Figure> local_figure(const RunData& run) {
  if (run.local.size() < 2) return std::nullopt;
  std::vector<LocalRow> rows = run.local;
  const ScoreKind& score = *run.score;
  std::sort(rows.begin(), rows.end(), [&](const LocalRow& a, const LocalRow& b) {
    return a.global != b.global ? score.better(a.global, b.global) : a.client < b.client;
  });
  Figure figure{"local", "Clients' own test parts", "", {}, {}, true};
  figure.plot.x = {{"clients, from the best served to the worst", ""}};
  figure.plot.y = {score.axis, "", score.exponential};
  figure.plot.kind = PlotKind::scatter;
  Series base{"base", 2};
  Series global{"global adapter", 0};
  Series own{"after own training", 1};
  figure.table.head = {"client", "base", "global adapter", "after own training"};
  std::int64_t better = 0;
  const std::size_t step = rows.size() / kMostLocal + 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    better += score.better(rows[i].after_training, rows[i].global) ? 1 : 0;
    if (i % step != 0 && i + 1 != rows.size()) continue;
    const auto x = static_cast<double>(i + 1);
    base.points.push_back({x, rows[i].base});
    global.points.push_back({x, rows[i].global});
    own.points.push_back({x, rows[i].after_training});
    figure.table.rows.push_back({std::to_string(rows[i].client), number(rows[i].base),
                                 number(rows[i].global), number(rows[i].after_training)});
  }
  figure.plot.series = {std::move(base), std::move(global), std::move(own)};
  const auto all = static_cast<std::int64_t>(rows.size());
  figure.sentence = "The global adapter has " + score.key + " " + number(rows.front().global) +
                    " on the test part of the best served client, " +
                    number(rows[rows.size() / 2].global) + " on that of the middle one and " +
                    number(rows.back().global) +
                    " on that of the worst. Training once more on "
                    "its own data helps " +
                    grouped(better) + " of " + counted(all, "client") + ".";
  if (step > 1) figure.sentence += " One in " + std::to_string(step) + " is drawn.";
  return figure;
}

std::string clients_html(const RunData& run) {
  Table table;
  table.sortable = true;
  table.head = run.clients->names;
  for (auto& name : table.head)
    std::replace(name.begin(), name.end(), '_', ' ');
  for (const auto& cells : run.clients->rows) {
    std::vector<std::string> row;
    for (const std::string& cell : cells) {
      char* end = nullptr;
      const double value = std::strtod(cell.c_str(), &end);
      const bool is_number = !cell.empty() && *end == '\0';
      row.push_back(is_number && !row.empty() ? number(value) : cell);
    }
    table.rows.push_back(std::move(row));
  }
  const auto all = static_cast<std::int64_t>(run.clients->tier_of.size());
  const auto shown = static_cast<std::int64_t>(table.rows.size());
  table.note = shown < all ? "The " + grouped(shown) + " clients with most jobs of " +
                                 grouped(all) + "; clients.csv has all."
                           : "Clients with most jobs first.";
  return "<details open class=\"data\"><summary>All figures of " + counted(shown, "client") +
         "</summary>\n" + table_html(table, "Clients") + "</details>\n";
}

}  // namespace

std::optional<Figure> data_speed_figure(const RunData& run) {
  if (!run.clients || !run.partition) return std::nullopt;
  const SpeedPlot data = by_speed(*run.clients, run.partition->sizes);
  if (data.speeds.size() < 2) return std::nullopt;
  Figure figure{"data-speed", "Data against device speed", "", {}, {}};
  figure.plot.y = {"examples", ""};
  plot_by_speed(data, tier_groups(run), figure);
  figure.sentence = correlation_words(rank_correlation(data.speeds, data.values),
                                      "the faster a device, the more data it holds",
                                      "the faster a device, the less data it holds") +
                    how_drawn(figure);
  return figure;
}

Section clients_section(const Story& story) {
  Section section{"clients", "Clients", "", {}};
  const auto push = [&](std::optional<Figure> figure) {
    if (figure) section.figures.push_back(std::move(*figure));
  };
  push(lorenz_figure(story));
  if (!story.single()) return section;
  const RunData& run = story.data(0);
  if (run.clients && took_part(story.runs[0])) push(speed_figure(run));
  push(local_figure(run));
  if (run.clients && run.clients->rows.size() > 1) section.html = clients_html(run);
  return section;
}

}  // namespace lorafleet::report
