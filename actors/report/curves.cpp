#include "actors/report/curves.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "actors/report/page/words.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

constexpr std::size_t kGridPoints = 120;
constexpr std::size_t kTableRows = 48;
constexpr std::size_t kMostPoints = 16000;  // of all lines of a figure together

const Curve* curve_of(const RunData& run, const std::string& column) {
  const auto found = run.curves.find(column);
  return found == run.curves.end() ? nullptr : &found->second;
}

std::vector<double> row_of(const CurvePoint& point) {
  return {point.seconds, point.version, point.bytes, point.tokens, point.value};
}

/// Every so many-th point, and always the extremes.
std::vector<CurvePoint> thinned(const std::vector<CurvePoint>& points, std::size_t most) {
  if (points.size() <= most) return points;
  CurveSampler sampler(std::max<std::size_t>(most, 6));
  for (const CurvePoint& point : points)
    sampler.add(point);
  return sampler.points();
}

/// What held at `version`: the latest row at or before it.
const CurvePoint& at_version(const std::vector<CurvePoint>& points, double version) {
  auto found = std::upper_bound(
      points.begin(), points.end(), version,
      [](double wanted, const CurvePoint& point) { return wanted < point.version; });
  return found == points.begin() ? points.front() : *(found - 1);
}

struct Moments {
  CurvePoint mean;
  double deviation = 0.0;
  double least = 0.0;  ///< value: a band goes below 0 only where this does
};

/// Mean of all coordinates at one version, and the sample deviation of the value.
Moments moments_at(const std::vector<const Curve*>& curves, double version) {
  Moments moments;
  const auto n = static_cast<double>(curves.size());
  for (const Curve* curve : curves) {
    const CurvePoint& point = at_version(curve->points, version);
    moments.mean.seconds += point.seconds / n;
    moments.mean.bytes += point.bytes / n;
    moments.mean.tokens += point.tokens / n;
    moments.mean.value += point.value / n;
  }
  moments.mean.version = version;
  for (const Curve* curve : curves) {
    const double off = at_version(curve->points, version).value - moments.mean.value;
    moments.deviation += off * off / (n - 1.0);
    moments.least = std::min(moments.least, moments.mean.value + off);
  }
  moments.deviation = std::sqrt(moments.deviation);
  return moments;
}

/// Versions at which the first curve has rows, up to where the first of the seeds ends.
std::vector<double> grid_of(const std::vector<const Curve*>& curves) {
  double last = curves.front()->points.back().version;
  for (const Curve* curve : curves)
    last = std::min(last, curve->points.back().version);
  std::vector<double> grid;
  for (const CurvePoint& point : thinned(curves.front()->points, kGridPoints)) {
    if (point.version <= last) grid.push_back(point.version);
  }
  return grid;
}

void add_seeds(const std::vector<const Curve*>& curves, const Group& group, std::size_t place,
               Plot& plot) {
  Series mean{group.label, place, static_cast<int>(place)};
  Series band = mean;
  band.band = true;
  for (const double version : grid_of(curves)) {
    const Moments at = moments_at(curves, version);
    mean.points.push_back(row_of(at.mean));
    auto low = row_of(at.mean);
    low.back() =
        at.least < 0.0 ? low.back() - at.deviation : std::max(low.back() - at.deviation, 0.0);
    low.push_back(at.mean.value + at.deviation);
    band.points.push_back(std::move(low));
  }
  plot.series.push_back(std::move(band));
  plot.series.push_back(std::move(mean));
}

struct Spread {
  double mean = 0.0;
  double deviation = 0.0;  ///< of a sample; 0 of one
};

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  for (const double value : values)
    spread.mean += value / static_cast<double>(values.size());
  if (values.size() < 2) return spread;
  for (const double value : values)
    spread.deviation += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(spread.deviation / static_cast<double>(values.size() - 1));
  // What rounding of equal values leaves.
  if (spread.deviation < 1e-9 * std::abs(spread.mean)) spread.deviation = 0.0;
  return spread;
}

std::string final_text(const Story& story, const CurveKind& kind, const Group& group) {
  std::vector<double> values;
  for (const std::size_t run : group.runs) {
    if (const Curve* curve = curve_of(story.data(run), kind.column))
      values.push_back(curve->points.back().value);
  }
  return over_seeds(values);
}

double final_mean(const Story& story, const CurveKind& kind, const Group& group) {
  double sum = 0.0;
  double count = 0.0;
  for (const std::size_t run : group.runs) {
    if (const Curve* curve = curve_of(story.data(run), kind.column)) {
      sum += curve->points.back().value;
      count += 1.0;
    }
  }
  return sum / count;
}

std::string place_text(const CurvePoint& point) {
  return "version " + grouped(std::llround(point.version)) + " (" + duration(point.seconds) +
         " of virtual time)";
}

std::string single_sentence(const CurveKind& kind, const Curve& curve) {
  const double first = curve.points.front().value;
  const CurvePoint& last = curve.points.back();
  const char* verb = last.value < first ? "fell" : last.value > first ? "rose" : "stayed";
  std::string text =
      kind.title + " " + verb +
      (last.value == first ? " at " + number(first)
                           : " from " + number(first) + " to " + number(last.value)) +
      " at " + place_text(last) + ".";
  const CurvePoint& best = kind.falls ? curve.least : curve.largest;
  if (!kind.judged) {
    return text + " It lay between " + number(curve.least.value) + " and " +
           number(curve.largest.value) + ".";
  }
  if (best.value == last.value) return text + " No version was better than the last.";
  return text + " The best was " + number(best.value) + ", at " + place_text(best) + ".";
}

std::string several_sentence(const Story& story, const CurveKind& kind) {
  const Group* low = nullptr;
  const Group* high = nullptr;
  double least = 0.0;
  double largest = 0.0;
  for (const Group& group : story.groups) {
    const double value = final_mean(story, kind, group);
    if (std::isnan(value)) continue;
    if (low == nullptr || value < least) {
      low = &group;
      least = value;
    }
    if (high == nullptr || value > largest) {
      high = &group;
      largest = value;
    }
  }
  if (low == nullptr) return "";
  if (low == high) {
    return kind.title + " of " + low->label + " ends at " + final_text(story, kind, *low) + ".";
  }
  return kind.title + " at the end: lowest for " + low->label + ", " +
         final_text(story, kind, *low) + "; highest for " + high->label + ", " +
         final_text(story, kind, *high) + ".";
}

/// The places in a series that a table shows: ascending.
std::set<std::size_t> chosen_rows(const Series& series, std::size_t most) {
  const auto& points = series.points;
  std::set<std::size_t> chosen;
  if (points.empty()) return chosen;
  const auto by_value = [&](std::size_t a, std::size_t b) {
    return points[a].back() < points[b].back();
  };
  std::size_t least = 0;
  std::size_t largest = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (by_value(i, least)) least = i;
    if (by_value(largest, i)) largest = i;
  }
  chosen = {least, largest};
  const std::size_t rows = std::min(points.size(), std::max<std::size_t>(most, 2));
  for (std::size_t i = 0; i < rows; ++i)
    chosen.insert(rows < 2 ? 0 : i * (points.size() - 1) / (rows - 1));
  return chosen;
}

std::string with_unit(double value, const Axis& axis) {
  if (axis.unit == "B") return bytes_text(value);
  return number(value);
}

std::string head_of(const Axis& axis) {
  return axis.name + (axis.unit == "s" ? " (s)" : axis.unit == "%" ? " (%)" : "");
}

}  // namespace

std::vector<Axis> run_axes() {
  return {{"virtual time", "s"},
          {"version", ""},
          {"bytes over the links", "B"},
          {"tokens trained on", ""}};
}

std::string over_seeds(const std::vector<double>& values) {
  if (values.empty()) return "–";
  const Spread spread = spread_of(values);
  if (values.size() == 1) return number(spread.mean);
  return number(spread.mean) + " ± " + number(spread.deviation) + " over " +
         std::to_string(values.size()) + " seeds";
}

void add_lines(const std::vector<std::vector<std::vector<double>>>& lines, const Series& like,
               Plot& plot) {
  Series mean = like;
  Series band = like;
  band.band = true;
  std::size_t shortest = lines.empty() ? 0 : lines.front().size();
  for (const auto& line : lines)
    shortest = std::min(shortest, line.size());
  for (std::size_t i = 0; i < shortest; ++i) {
    std::vector<double> values;
    for (const auto& line : lines)
      values.push_back(line[i][1]);
    const Spread spread = spread_of(values);
    const double x = lines.front()[i][0];
    mean.points.push_back({x, spread.mean});
    band.points.push_back(
        {x, std::max(spread.mean - spread.deviation, 0.0), spread.mean + spread.deviation});
  }
  if (lines.size() > 1) plot.series.push_back(std::move(band));
  if (!mean.points.empty()) plot.series.push_back(std::move(mean));
  for (std::size_t i = 0; lines.size() > 1 && i < lines.size(); ++i) {
    Series seed = like;
    seed.thin = true;
    seed.points = lines[i];
    plot.series.push_back(std::move(seed));
  }
}

bool has_curve(const Story& story, const std::string& column) {
  return std::any_of(story.runs.begin(), story.runs.end(), [&](const Run& run) {
    const Curve* curve = curve_of(run.data, column);
    return curve != nullptr && curve->rows > 1 && curve->least.value != curve->largest.value;
  });
}

Table series_table(const Plot& plot, const std::string& file) {
  Table table;
  const bool named = plot.series.size() > 1;
  if (named) table.head.emplace_back("line");
  for (const Axis& axis : plot.x)
    table.head.push_back(head_of(axis));
  table.head.push_back(head_of(plot.y));
  std::size_t lines = 0;
  std::size_t points = 0;
  for (const Series& series : plot.series)
    lines += series.band || series.thin ? 0 : 1;
  std::size_t rows = 0;
  for (const Series& series : plot.series) {
    if (series.band || series.thin) continue;
    points += series.points.size();
    for (const std::size_t place :
         chosen_rows(series, kTableRows / std::max<std::size_t>(lines, 1))) {
      const auto& point = series.points[place];
      std::vector<std::string> cells;
      if (named) cells.push_back(series.name);
      for (std::size_t i = 0; i < plot.x.size(); ++i)
        cells.push_back(with_unit(point[i], plot.x[i]));
      cells.push_back(with_unit(point[plot.x.size()], plot.y));
      table.rows.push_back(std::move(cells));
      ++rows;
    }
  }
  if (rows < points) {
    table.note = grouped(static_cast<std::int64_t>(rows)) + " of the " +
                 grouped(static_cast<std::int64_t>(points)) +
                 " points drawn: first, last, least, largest, and some between. " + file +
                 " has all.";
  }
  return table;
}

Figure curve_figure(const Story& story, const CurveKind& kind) {
  Figure figure{kind.id, kind.title, "", {}, {}};
  figure.plot.x = run_axes();
  figure.plot.y = {kind.axis, ""};
  figure.plot.target = kind.target;
  const std::size_t most = std::max<std::size_t>(kMostPoints / story.runs.size(), 20);
  for (std::size_t place = 0; place < story.groups.size(); ++place) {
    const Group& group = story.groups[place];
    std::vector<const Curve*> curves;
    for (const std::size_t run : group.runs) {
      if (const Curve* curve = curve_of(story.data(run), kind.column)) curves.push_back(curve);
    }
    if (curves.empty()) continue;
    if (curves.size() > 1) add_seeds(curves, group, place, figure.plot);
    for (const Curve* curve : curves) {
      Series line{group.label, place, static_cast<int>(place)};
      line.thin = curves.size() > 1;
      for (const CurvePoint& point : thinned(curve->points, most))
        line.points.push_back(row_of(point));
      figure.plot.series.push_back(std::move(line));
    }
  }
  const Curve* only = curve_of(story.data(0), kind.column);
  figure.sentence = story.single() && only != nullptr ? single_sentence(kind, *only)
                                                      : several_sentence(story, kind);
  figure.table = series_table(figure.plot, "rounds.csv");
  return figure;
}

}  // namespace lorafleet::report
