#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include "actors/report/data/run_data.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"
#include "partition/support/printable.hpp"
#include "scenarios/schema/toml_text.hpp"
#include "tools/command_line.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

namespace fs = std::filesystem;
using Rows = std::vector<std::vector<std::string>>;

struct Compared {
  std::string label;
  std::vector<std::pair<std::string, std::string>> settings;
  report::Summary summary;
};

Compared read_compared(const std::string& folder) {
  const fs::path scenario = fs::path(folder) / "scenario.toml";
  const fs::path summary = fs::path(folder) / "summary.json";
  if (!fs::is_regular_file(scenario) || !fs::is_regular_file(summary)) {
    throw InputError(folder, "is no run that has ended: scenario.toml or summary.json is missing");
  }
  const auto document = scenarios::parse_toml(read_file(scenario), scenario.string());
  return {folder, scenarios::flat_settings(document), report::read_summary(summary)};
}

std::string value_of(const Compared& run, const std::string& key) {
  for (const auto& [name, value] : run.settings) {
    if (name == key) return value;
  }
  return "-";
}

/// Keys of the first, then those that only the second has.
Rows differing_keys(const Compared& a, const Compared& b) {
  Rows rows;
  for (const auto& [key, value] : a.settings) {
    if (value_of(b, key) != value) rows.push_back({key, value, value_of(b, key)});
  }
  for (const auto& [key, value] : b.settings) {
    if (value_of(a, key) == "-") rows.push_back({key, "-", value});
  }
  return rows;
}

std::string change(double from, double to) {
  if (!std::isfinite(from) || !std::isfinite(to) || from == 0.0) return "";
  return (to >= from ? "+" : "") + fixed(100.0 * (to - from) / std::abs(from), 1) + " %";
}

/// Counts as counts: whole numbers have no digits after the point.
std::string result(double value) {
  if (std::isnan(value)) return "-";
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  return whole ? grouped(std::llround(value)) : figure(value);
}

Rows differing_results(const Compared& a, const Compared& b) {
  Rows rows;
  for (const auto& [key, from] : a.summary.figures) {
    const double to = b.summary.figure(key);
    if (key == "seed" || from == to) continue;
    rows.push_back({key, result(from), result(to), change(from, to)});
  }
  for (const auto& [key, to] : b.summary.figures) {
    if (std::isnan(a.summary.figure(key))) rows.push_back({key, "-", result(to), ""});
  }
  return rows;
}

}  // namespace

int compare_command(const Arguments& arguments) {
  CommandLine line("compare", "Prints in which keys and results two runs differ.",
                   "compare runs/a runs/b");
  line.positional("RUN", "a run directory");
  line.positional("OTHER", "another one");
  if (!line.parse(arguments)) return kDone;

  const Compared a = read_compared(line.text("RUN"));
  const Compared b = read_compared(line.text("OTHER"));
  Rows keys = differing_keys(a, b);
  Rows results = differing_results(a, b);
  if (keys.empty() && results.empty()) {
    std::cout << "the runs differ in no key and no result\n";
    return kDone;
  }
  if (!keys.empty()) {
    constexpr std::size_t kWidest = 40;
    for (auto& row : keys) {
      for (std::string& cell : row)
        cell = short_name(cell, kWidest);
    }
    keys.insert(keys.begin(), {"key", a.label, b.label});
    std::cout << aligned(std::move(keys)) << (results.empty() ? "" : "\n");
  }
  if (!results.empty()) {
    results.insert(results.begin(), {"result", a.label, b.label, "change"});
    std::cout << aligned(std::move(results));
  }
  return kDone;
}

}  // namespace lorafleet::tools
