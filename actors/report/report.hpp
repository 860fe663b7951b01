#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "actors/report/data/answers.hpp"
#include "actors/report/data/run_data.hpp"

namespace lorafleet::report {

/// One key of a scenario and its value as TOML.
struct Setting {
  std::string key;
  std::string value;
};

/// One bound of a scenario's [expect], judged.
struct Threshold {
  std::string expected;         ///< "final.perplexity below 120"
  std::optional<double> found;  ///< nothing where the run has no such figure
  bool met = false;
};

/// A run directory and what its scenario says.
struct Run {
  RunData data;
  std::string scenario_toml;
  std::vector<Setting> settings;
  std::vector<Threshold> thresholds;
  std::string name = {};  ///< as its scenario says; "" where it does not
};

struct PageOptions {
  std::string title;                    ///< "": the runs' names
  std::optional<double> target;         ///< perplexity; nothing: what the page finds sensible
  std::optional<std::size_t> baseline;  ///< the run that others are compared with
  std::vector<Answer> answers;          ///< of the sweep that the runs are of
};

/// The page: one HTML file that asks for nothing else. A pure function of its arguments, byte for
/// byte. `runs` has at least one.
std::string report_page(std::vector<Run> runs, const PageOptions& options);

}  // namespace lorafleet::report
