#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "actors/report/curves.hpp"
#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "actors/report/tiers.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

constexpr std::uint64_t kStalenessBins = 24;

WholeHistogram staleness_of(const Events& events, const TierGroup& group) {
  WholeHistogram sum;
  for (const std::size_t tier : group.tiers)
    sum.merge(events.staleness[tier]);
  return sum;
}

WholeHistogram staleness_of(const Events& events) {
  WholeHistogram sum;
  for (const WholeHistogram& tier : events.staleness)
    sum.merge(tier);
  return sum;
}

struct Bin {
  std::uint64_t low;
  std::uint64_t high;
};

/// One bin for each staleness up to the 99th percentile or so, the tail in the last one.
std::vector<Bin> bins_of(const WholeHistogram& all) {
  const std::uint64_t width = all.quantile(0.99) / kStalenessBins + 1;
  std::vector<Bin> bins;
  for (std::uint64_t low = 0; low <= all.quantile(0.99); low += width)
    bins.push_back({low, low + width - 1});
  if (bins.back().high < all.largest())
    bins.push_back({bins.back().high + 1, WholeHistogram::kLast + 1});
  return bins;
}

std::string bin_name(const Bin& bin) {
  if (bin.high > WholeHistogram::kLast) return "≥ " + std::to_string(bin.low);
  return bin.low == bin.high ? std::to_string(bin.low)
                             : std::to_string(bin.low) + "–" + std::to_string(bin.high);
}

std::string staleness_sentence(const RunData& run, const WholeHistogram& all) {
  std::string text = "Half of the " + counted(static_cast<std::int64_t>(all.count()), "update") +
                     " that arrived were at most " +
                     counted(static_cast<std::int64_t>(all.quantile(0.5)), "version") +
                     " behind, nine in ten at most " +
                     grouped(static_cast<std::int64_t>(all.quantile(0.9))) + ", the stalest " +
                     grouped(static_cast<std::int64_t>(all.largest())) + "; the mean is " +
                     number(all.mean()) + ".";
  const auto groups = tier_groups(run);
  if (groups.size() < 2) return text;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const WholeHistogram tier = staleness_of(*run.events, groups[g]);
    text += (g == 0 ? " Mean by tier: " : ", ") + groups[g].name + " " +
            (tier.count() == 0 ? "–" : number(tier.mean()));
  }
  return text + ".";
}

/// Tiers whose bars are lower than a pixel or so beside the others.
std::string unseen_sentence(const std::vector<Series>& tiers) {
  constexpr double kSeen = 0.005;  // of the highest bar
  std::vector<double> sums(tiers.empty() ? 0 : tiers.front().points.size());
  for (const Series& tier : tiers) {
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] += tier.points[i][0];
  }
  const double highest = sums.empty() ? 0.0 : *std::max_element(sums.begin(), sums.end());
  std::string text;
  for (const Series& tier : tiers) {
    double most = 0.0;
    double all = 0.0;
    for (const auto& point : tier.points) {
      most = std::max(most, point[0]);
      all += point[0];
    }
    if (all > 0.0 && most < kSeen * highest) {
      text += (text.empty() ? " Too few to be seen: " : ", ") + tier.name + " with " +
              counted(std::llround(all), "update");
    }
  }
  return text.empty() ? text : text + ".";
}

std::optional<Figure> histogram_figure(const RunData& run) {
  const WholeHistogram all = staleness_of(*run.events);
  if (all.count() == 0) return std::nullopt;
  Figure figure{"staleness", "Staleness of the updates", staleness_sentence(run, all), {}, {}};
  figure.plot.kind = PlotKind::bars;
  figure.plot.stacked = true;
  figure.plot.x = {{"versions behind", ""}};
  figure.plot.y = {"updates", ""};
  figure.table.head = {"versions behind"};
  const auto bins = bins_of(all);
  for (const Bin& bin : bins) {
    figure.plot.categories.push_back(bin_name(bin));
    figure.table.rows.push_back({bin_name(bin)});
  }
  for (std::size_t g = 0; const TierGroup& group : tier_groups(run)) {
    const WholeHistogram tier = staleness_of(*run.events, group);
    Series series{group.name, g++};
    figure.table.head.push_back(group.name);
    for (std::size_t i = 0; i < bins.size(); ++i) {
      const auto count = static_cast<std::int64_t>(tier.between(bins[i].low, bins[i].high));
      series.points.push_back({static_cast<double>(count)});
      figure.table.rows[i].push_back(grouped(count));
    }
    figure.plot.series.push_back(std::move(series));
  }
  figure.sentence += unseen_sentence(figure.plot.series);
  return figure;
}

/// Share of updates at most so stale.
Series cumulative(const WholeHistogram& counts, Series series, std::uint64_t last) {
  const std::uint64_t step = last / 200 + 1;
  std::uint64_t passed = 0;
  for (std::uint64_t low = 0; low <= last; low += step) {
    passed += counts.between(low, low + step - 1);
    series.points.push_back({static_cast<double>(low + step - 1),
                             100.0 * static_cast<double>(passed) /
                                 static_cast<double>(std::max<std::uint64_t>(counts.count(), 1))});
  }
  series.step = true;
  return series;
}

std::optional<Figure> cumulative_figure(const Story& story) {
  Figure figure{"staleness-share", "How many updates are at most so stale", "", {}, {}};
  figure.plot.x = {{"versions behind", ""}};
  figure.plot.y = {"share of updates", "%"};
  std::uint64_t last = 0;
  for (const Run& run : story.runs) {
    if (run.data.events)
      last =
          std::max(last, std::min(staleness_of(*run.data.events).largest(), WholeHistogram::kLast));
  }
  if (last == 0) return std::nullopt;
  std::string worst;
  double worst_mean = -1.0;
  const auto add = [&](const WholeHistogram& counts, Series series) {
    if (counts.count() == 0) return;
    if (counts.mean() > worst_mean) {
      worst_mean = counts.mean();
      worst = series.name;
    }
    figure.plot.series.push_back(cumulative(counts, std::move(series), last));
  };
  if (story.single()) {
    const auto groups = tier_groups(story.data(0));
    if (groups.size() < 2) return std::nullopt;
    for (std::size_t g = 0; g < groups.size(); ++g)
      add(staleness_of(*story.data(0).events, groups[g]), {groups[g].name, g});
  } else {
    for (std::size_t g = 0; g < story.groups.size(); ++g) {
      WholeHistogram sum;
      for (const std::size_t run : story.groups[g].runs) {
        if (story.data(run).events) sum.merge(staleness_of(*story.data(run).events));
      }
      add(sum, {story.groups[g].label, g, static_cast<int>(g)});
    }
  }
  if (figure.plot.series.empty()) return std::nullopt;
  figure.sentence = "The stalest updates are those of " + worst + ": " + number(worst_mean) +
                    " versions behind on average.";
  figure.table = series_table(figure.plot, "events.jsonl");
  return figure;
}

double sum_of(const std::vector<double>& values, const std::vector<std::size_t>& places) {
  double sum = 0.0;
  for (const std::size_t place : places)
    sum += place < values.size() ? values[place] : 0.0;
  return sum;
}

/// The share of all weight that the tenth of the clients with most of it have.
double top_tenth(const Events& events) {
  std::vector<float> weights = events.client_weight;
  std::sort(weights.begin(), weights.end(), std::greater<>());
  const std::size_t tenth = (weights.size() + 9) / 10;
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  const auto end = weights.begin() + static_cast<std::ptrdiff_t>(tenth);
  return all > 0.0 ? std::accumulate(weights.begin(), end, 0.0) / all : 0.0;
}

std::optional<Figure> influence_figure(const RunData& run) {
  const Events& events = *run.events;
  const double all = std::accumulate(events.weight.begin(), events.weight.end(), 0.0);
  const auto groups = tier_groups(run);
  if (!run.clients || all <= 0.0 || groups.size() < 2) return std::nullopt;
  Figure figure{"influence", "Who shapes the model", "", {}, {}};
  figure.plot.kind = PlotKind::bars;
  figure.plot.y = {"share", "%"};
  figure.plot.x = {{"", ""}};
  figure.plot.categories = {"clients", "updates", "weight"};
  figure.table.head = {"tier", "of the clients", "of the updates", "of the weight in folds"};
  const auto clients = static_cast<double>(run.clients->tier_of.size());
  const auto updates = static_cast<double>(staleness_of(events).count());
  double most = 0.0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    double own_clients = 0.0;
    for (const std::size_t tier : groups[g].tiers)
      own_clients += static_cast<double>(run.clients->tiers[tier].clients);
    const double weight = sum_of(events.weight, groups[g].tiers) / all;
    const double count = static_cast<double>(staleness_of(events, groups[g]).count()) / updates;
    figure.plot.series.push_back(
        {groups[g].name,
         g,
         -1,
         false,
         false,
         false,
         {{100.0 * own_clients / clients}, {100.0 * count}, {100.0 * weight}}});
    figure.table.rows.push_back(
        {groups[g].name, percent(own_clients / clients), percent(count), percent(weight)});
    if (weight > most) {
      most = weight;
      figure.sentence = "The largest part of the weight in the folds, " + percent(weight) +
                        ", is of " + groups[g].name + ", which is " +
                        percent(own_clients / clients) + " of the clients and sent " +
                        percent(count) + " of the updates.";
    }
  }
  figure.sentence +=
      " The tenth of the clients with most weight has " + percent(top_tenth(events)) + " of it.";
  return figure;
}

}  // namespace

Section asynchrony_section(const Story& story) {
  Section section{"asynchrony", "Asynchrony", "", {}};
  const auto push = [&](std::optional<Figure> figure) {
    if (figure) section.figures.push_back(std::move(*figure));
  };
  if (story.single() && story.data(0).events) push(histogram_figure(story.data(0)));
  push(cumulative_figure(story));
  if (story.single() && story.data(0).events) push(influence_figure(story.data(0)));
  if (has_curve(story, "mean_staleness")) {
    push(curve_figure(story, {"mean_staleness", "mean-staleness", "Mean staleness in a version",
                              "versions behind", true, false, false}));
  }
  return section;
}

}  // namespace lorafleet::report
