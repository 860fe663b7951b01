#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

std::optional<Figure> data_speed_figure(const RunData& run);  // section_clients.cpp

namespace {

constexpr std::size_t kMostHeatRows = 60;
constexpr std::size_t kMostHeatBins = 12;

/// Clients that share a row of the heat map, the largest first.
struct HeatRow {
  std::string name;
  std::vector<double> shares;  ///< of their examples, by bin
  double examples = 0.0;
};

std::vector<std::size_t> by_size(const Partition& partition) {
  std::vector<std::size_t> order(partition.sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return partition.sizes[a] > partition.sizes[b];
  });
  return order;
}

/// Columns that are shown: all, or the largest and one for what is left.
struct HeatColumns {
  std::vector<std::string> names;
  std::vector<std::size_t> place;  ///< of a bin
};

HeatColumns columns_of(const SkewTable& skew) {
  HeatColumns columns;
  columns.place.resize(skew.bins.size());
  if (skew.bins.size() <= kMostHeatBins) {
    columns.names = skew.bins;
    std::iota(columns.place.begin(), columns.place.end(), 0);
    return columns;
  }
  std::vector<double> totals(skew.bins.size());
  for (const auto& row : skew.rows) {
    for (const auto& [bin, count] : row)
      totals[bin] += count;
  }
  std::vector<std::size_t> order(skew.bins.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return totals[a] > totals[b]; });
  order.resize(kMostHeatBins - 1);
  std::sort(order.begin(), order.end());
  std::fill(columns.place.begin(), columns.place.end(), order.size());
  for (const std::size_t bin : order) {
    columns.place[bin] = columns.names.size();
    columns.names.push_back(skew.bins[bin]);
  }
  columns.names.emplace_back("other");
  return columns;
}

std::vector<HeatRow> rows_of(const Partition& partition, const SkewTable& skew,
                             const HeatColumns& columns) {
  const auto order = by_size(partition);
  const std::size_t rows = std::min(order.size(), kMostHeatRows);
  std::vector<HeatRow> heat;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t begin = i * order.size() / rows;
    const std::size_t end = (i + 1) * order.size() / rows;
    HeatRow row;
    row.shares.resize(columns.names.size());
    for (std::size_t j = begin; j < end; ++j) {
      for (const auto& [bin, count] : skew.rows[order[j]]) {
        row.shares[columns.place[bin]] += count;
        row.examples += count;
      }
    }
    for (double& share : row.shares)
      share /= std::max(row.examples, 1.0);
    row.name = end - begin == 1 ? std::to_string(order[begin])
                                : grouped(static_cast<std::int64_t>(begin + 1)) + ". to " +
                                      grouped(static_cast<std::int64_t>(end)) + ". largest";
    heat.push_back(std::move(row));
  }
  return heat;
}

Figure heat_figure(const Partition& partition, const SkewTable& skew, std::size_t index) {
  std::string by = skew.by;
  std::replace(by.begin(), by.end(), '_', ' ');
  Figure figure{"bins-" + std::to_string(index), "Clients by " + by, "", {}, {}, true};
  figure.plot.kind = PlotKind::heat;
  const HeatColumns columns = columns_of(skew);
  figure.plot.columns = columns.names;
  figure.plot.x = {{by, ""}};
  figure.plot.y = {"client, the largest on top", ""};
  figure.table.head = {"client", "examples"};
  for (const std::string& name : columns.names)
    figure.table.head.push_back(name);
  Series cells{"share of the client's examples", 0};
  const auto rows = rows_of(partition, skew, columns);
  for (const HeatRow& row : rows) {
    figure.plot.categories.push_back(row.name);
    std::vector<std::string> texts = {row.name, number(row.examples)};
    for (const double share : row.shares)
      texts.push_back(percent(share));
    cells.points.push_back(row.shares);
    figure.table.rows.push_back(std::move(texts));
  }
  figure.plot.series.push_back(std::move(cells));
  figure.sentence =
      "Each row is the mix of examples of one client. Jensen-Shannon distance to the "
      "pooled data: " +
      number(skew.distance_mean) + " on average, " + number(skew.distance_max) +
      " at most (0: the same mix, 1: nothing shared).";
  if (rows.size() < partition.sizes.size()) {
    figure.sentence =
        "Clients of like size share a row: " + grouped(static_cast<std::int64_t>(rows.size())) +
        " rows for " + grouped(static_cast<std::int64_t>(partition.sizes.size())) + " clients. " +
        figure.sentence.substr(figure.sentence.find(". ") + 2);
  }
  return figure;
}

Figure sizes_figure(const Partition& partition) {
  constexpr std::size_t kMostBars = 400;
  Figure figure{"sizes", "Examples of the clients", "", {}, {}};
  const auto order = by_size(partition);
  figure.plot.x = {{"clients, the largest first", ""}};
  figure.plot.y = {"examples", ""};
  Series line{"examples", 0};
  line.step = true;
  figure.table.head = {"rank", "client", "examples"};
  const std::size_t step = order.size() / kMostBars + 1;
  double all = 0.0;
  double top = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double size = partition.sizes[order[i]];
    all += size;
    if (i < (order.size() + 9) / 10) top += size;
    if (i % step != 0 && i + 1 != order.size()) continue;
    line.points.push_back({static_cast<double>(i + 1), size});
    figure.table.rows.push_back(
        {grouped(static_cast<std::int64_t>(i + 1)), std::to_string(order[i]), number(size)});
  }
  figure.plot.series.push_back(std::move(line));
  figure.sentence = "From " + grouped(partition.sizes[order.back()]) + " to " +
                    counted(partition.sizes[order.front()], "example") + ", " +
                    grouped(partition.sizes[order[order.size() / 2]]) +
                    " in the middle; the largest tenth of the clients holds " +
                    percent(top / std::max(all, 1.0)) + " of all. Gini " + number(partition.gini) +
                    ".";
  return figure;
}

Figure distance_figure(const SkewTable& skew, std::size_t index) {
  constexpr std::size_t kBins = 20;
  std::string by = skew.by;
  std::replace(by.begin(), by.end(), '_', ' ');
  Figure figure{
      "distances-" + std::to_string(index), "Distance to the pooled data, by " + by, "", {}, {}};
  figure.plot.kind = PlotKind::bars;
  figure.plot.x = {{"Jensen-Shannon distance", ""}};
  figure.plot.y = {"clients", ""};
  std::vector<double> counts(kBins);
  for (const float distance : skew.distance)
    ++counts[std::min(static_cast<std::size_t>(distance * kBins), kBins - 1)];
  figure.table.head = {"distance", "clients"};
  Series bars{"clients", 0};
  std::size_t most = 0;
  for (std::size_t i = 0; i < kBins; ++i) {
    const std::string name =
        number(static_cast<double>(i) / kBins) + "–" + number(static_cast<double>(i + 1) / kBins);
    figure.plot.categories.push_back(number(static_cast<double>(i) / kBins));
    figure.table.rows.push_back({name, number(counts[i])});
    bars.points.push_back({counts[i]});
    if (counts[i] > counts[most]) most = i;
  }
  figure.plot.series.push_back(std::move(bars));
  figure.sentence = "Most frequent are distances of " + number(static_cast<double>(most) / kBins) +
                    " to " + number(static_cast<double>(most + 1) / kBins) + ", " +
                    number(counts[most]) + " of " +
                    counted(static_cast<std::int64_t>(skew.distance.size()), "client") +
                    "; the mean is " + number(skew.distance_mean) + ".";
  return figure;
}

}  // namespace

Section data_section(const Story& story) {
  Section section{"data", "Data", "", {}};
  if (!story.single() || !story.data(0).partition) return section;
  const Partition& partition = *story.data(0).partition;
  if (partition.sizes.empty()) return section;
  for (std::size_t i = 0; i < partition.skews.size(); ++i) {
    if (!partition.skews[i].bins.empty())
      section.figures.push_back(heat_figure(partition, partition.skews[i], i));
  }
  if (partition.sizes.size() > 1) section.figures.push_back(sizes_figure(partition));
  for (std::size_t i = 0; i < partition.skews.size(); ++i) {
    if (partition.sizes.size() > 10)
      section.figures.push_back(distance_figure(partition.skews[i], i));
  }
  if (auto figure = data_speed_figure(story.data(0))) section.figures.push_back(std::move(*figure));
  return section;
}

}  // namespace lorafleet::report
