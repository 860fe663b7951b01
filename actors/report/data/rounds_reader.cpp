#include <cmath>

#include "actors/report/data/run_data.hpp"
#include "actors/report/data/table_reader.hpp"

namespace lorafleet::report {

namespace {

constexpr std::size_t kMostLines = 300;  // versions that are drawn as lines
constexpr std::size_t kMostRecords = 20000;

struct Growing {
  CurveSampler sampler;
  Curve curve;

  void add(const CurvePoint& point) {
    if (curve.rows++ == 0) curve.least = curve.largest = point;
    if (point.value < curve.least.value || curve.records.empty()) {
      curve.least = point;
      if (curve.records.size() < kMostRecords) curve.records.push_back(point);
    }
    if (point.value > curve.largest.value) curve.largest = point;
    sampler.add(point);
  }
};

bool is_axis(const std::string& name) {
  return name == "version" || name == "virtual_seconds" || name == "train_tokens" ||
         name == "bytes_down" || name == "bytes_up" || name == "tier" ||
         name == "updates_dropped" || name == "updates_applied" || name == "energy_wh";
}

double or_0_where_missing(double value) {
  return std::isnan(value) ? 0.0 : value;
}

}  // namespace

void read_rounds(const std::filesystem::path& file, RunData& run) {
  std::vector<Growing> columns;
  std::vector<std::string> names;
  std::size_t rows = 0;
  for_each_row(file, [&](const TableRow& row) {
    names = row.names();
    columns.resize(names.size());
    CurvePoint point{
        row.number("virtual_seconds"),
        row.number("version"),
        or_0_where_missing(row.number("bytes_down")) + or_0_where_missing(row.number("bytes_up")),
        or_0_where_missing(row.number("train_tokens")),
        0.0,
        or_0_where_missing(row.number("energy_wh"))};
    ++rows;
    if (point.version > 0.0 && rows <= kMostLines + 1) {
      run.version_seconds.push_back(point.seconds);
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (is_axis(names[i])) continue;
      // The first row is the adapter before any fold: it has scores, but no figures of a fold.
      if (point.version == 0.0 && !names[i].starts_with("eval_")) continue;
      point.value = row.number(i);
      if (std::isfinite(point.value)) columns[i].add(point);
    }
  });
  if (rows > kMostLines + 1) run.version_seconds.clear();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (columns[i].curve.rows == 0) continue;
    columns[i].curve.points = columns[i].sampler.points();
    run.curves[names[i]] = std::move(columns[i].curve);
  }
}

}  // namespace lorafleet::report
