#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "bench/training/task.hpp"

namespace lorafleet::bench {

/// A task, and what each repetition of it found.
struct Outcome {
  std::string model;  ///< "opt-125m"
  Task task;
  std::vector<nlohmann::json> runs = {};  ///< as `measure` gives them; null: it failed
  std::string problem = {};               ///< why the last one failed; empty: none
};

/// The middle of several measurements (of an even number: the mean of the middle two), and the
/// outermost.
struct Middle {
  double median = 0.0;
  double lowest = 0.0;
  double highest = 0.0;
};
Middle middle_of(std::vector<double> values);

/// With the medians, and for rates a slot's share of the fastest products of the same base, dtype
/// and number of threads in all repetitions.
nlohmann::ordered_json as_json(const std::vector<Outcome>& outcomes);

/// The same as a table for people.
std::string as_table(const std::vector<Outcome>& outcomes);

}  // namespace lorafleet::bench
