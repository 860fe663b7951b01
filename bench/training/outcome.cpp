#include "bench/training/outcome.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

namespace lorafleet::bench {
namespace {

using Values = std::vector<double>;

/// `key` of the repetitions that succeeded.
Values values_of(const Outcome& outcome, const std::string& key) {
  Values values;
  for (const auto& run : outcome.runs) {
    if (run.contains(key)) values.push_back(run.at(key).get<double>());
  }
  return values;
}

const Outcome* products_beside(const std::vector<Outcome>& outcomes, const Outcome& of) {
  const auto found = std::find_if(outcomes.begin(), outcomes.end(), [&](const Outcome& other) {
    return other.task.work == "products" && other.model == of.model &&
           other.task.dtype == of.task.dtype && other.task.threads == of.task.threads;
  });
  return found == outcomes.end() ? nullptr : &*found;
}

/// Of each repetition: a slot's rate of useful operations against the fastest products of as many
/// threads, those of the base's shapes or any.
Values shares(const std::vector<Outcome>& outcomes, const Outcome& outcome, bool of_shapes) {
  const Outcome* const products = products_beside(outcomes, outcome);
  if (products == nullptr) return {};
  double fastest = middle_of(values_of(*products, "model")).highest;
  if (!of_shapes) fastest = std::max(fastest, middle_of(values_of(*products, "square")).highest);
  fastest *= static_cast<double>(outcome.task.slots);
  Values values;
  for (const auto& run : outcome.runs) {
    if (fastest > 0.0 && run.contains("flops_per_token")) {
      values.push_back(run.at("tokens_per_second").get<double>() *
                       run.at("flops_per_token").get<double>() / fastest);
    }
  }
  return values;
}

nlohmann::ordered_json middle_json(const Values& values) {
  const Middle middle = middle_of(values);
  return {{"median", middle.median}, {"lowest", middle.lowest}, {"highest", middle.highest}};
}

/// "12,345", "12.3", "0.123": three digits or more.
std::string number(double value) {
  char text[64];
  std::snprintf(text, sizeof text, value < 1.0 ? "%.3f" : value < 100.0 ? "%.1f" : "%.0f", value);
  std::string result = text;
  if (result.find('.') != std::string::npos) return result;
  for (auto at = static_cast<std::ptrdiff_t>(result.size()) - 3; at > 0; at -= 3)
    result.insert(static_cast<std::size_t>(at), ",");
  return result;
}

std::string median_text(const Values& values, double unit) {
  return values.empty() ? "-" : number(middle_of(values).median * unit);
}

std::string range_text(const Values& values, double unit) {
  if (values.empty()) return "-";
  const Middle middle = middle_of(values);
  return number(middle.lowest * unit) + " to " + number(middle.highest * unit);
}

std::string percent_text(const Values& values) {
  if (values.empty()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100.0 * middle_of(values).median);
  return text;
}

using Row = std::vector<std::string>;

/// The first four columns are words, the others numbers.
std::string aligned(const std::vector<Row>& rows) {
  constexpr std::size_t kWords = 4;
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    if (row.size() == 1) continue;
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(row.size() == 1 ? 0 : widths[i] - row[i].size(), ' ');
      text += (i == 0 ? "" : "  ") + (i < kWords ? row[i] + space : space + row[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

Row row_of(const std::vector<Outcome>& outcomes, const Outcome& outcome) {
  const Task& task = outcome.task;
  const Values speeds = values_of(outcome, "tokens_per_second");
  const Values flops = values_of(outcome, "flops_per_token");
  const double per_token = flops.empty() ? 0.0 : flops.front();
  Row row = {outcome.model, task.dtype, task.work,
             task.data + (task.data.empty() ? "" : " ") + task.setting()};
  row.push_back(median_text(speeds, 1.0));
  row.push_back(range_text(speeds, 1.0));
  row.push_back(per_token > 0.0 ? median_text(speeds, per_token * 1e-9) : "-");
  row.push_back(percent_text(shares(outcomes, outcome, false)));
  row.push_back(percent_text(shares(outcomes, outcome, true)));
  row.push_back(median_text(values_of(outcome, "peak_bytes"), 1e-6));
  row.push_back(percent_text(values_of(outcome, "others")));
  return row;
}

}  // namespace

Middle middle_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
  return {median, values.front(), values.back()};
}

nlohmann::ordered_json as_json(const std::vector<Outcome>& outcomes) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Outcome& outcome : outcomes) {
    nlohmann::ordered_json entry;
    entry["model"] = outcome.model;
    entry["dtype"] = outcome.task.dtype;
    entry["work"] = outcome.task.work;
    if (!outcome.task.data.empty()) entry["data"] = outcome.task.data;
    entry["slots"] = outcome.task.slots;
    entry["threads"] = outcome.task.threads;
    for (const char* key : {"tokens_per_second", "flops_per_token", "square", "model",
                            "client_bytes", "peak_bytes", "others"}) {
      const Values values = values_of(outcome, key);
      const std::string name = std::string(key) == "model"    ? "shapes_flops_per_second"
                               : std::string(key) == "square" ? "square_flops_per_second"
                                                              : key;
      if (!values.empty()) entry[name] = middle_json(values);
    }
    const Values of_peak = shares(outcomes, outcome, false);
    if (!of_peak.empty()) {
      entry["of_peak"] = middle_json(of_peak);
      entry["of_shapes"] = middle_json(shares(outcomes, outcome, true));
    }
    if (!outcome.problem.empty()) entry["problem"] = outcome.problem;
    entry["runs"] = outcome.runs;
    all.push_back(std::move(entry));
  }
  return all;
}

std::string as_table(const std::vector<Outcome>& outcomes) {
  std::vector<Row> products = {
      {"model", "dtype", "products", "threads", "square", "range", "shapes", "range", "others"}};
  std::vector<Row> rows = {{"model", "dtype", "work", "slots x threads", "tokens/s", "range",
                            "GFLOP/s", "of peak", "of shapes", "peak MB", "others"}};
  std::vector<Row> clients;
  std::vector<Row> problems;
  for (const Outcome& outcome : outcomes) {
    if (!outcome.problem.empty()) {
      problems.push_back({outcome.model + " " + outcome.task.dtype + " " + outcome.task.work + " " +
                          outcome.task.setting() + " failed: " + outcome.problem});
    }
    if (outcome.task.work == "products") {
      const Values square = values_of(outcome, "square");
      const Values shapes = values_of(outcome, "model");
      products.push_back({outcome.model, outcome.task.dtype, "GFLOP/s",
                          std::to_string(outcome.task.threads), median_text(square, 1e-9),
                          range_text(square, 1e-9), median_text(shapes, 1e-9),
                          range_text(shapes, 1e-9), percent_text(values_of(outcome, "others"))});
    } else if (outcome.task.work == "clients") {
      const Values bytes = values_of(outcome, "client_bytes");
      clients.push_back({outcome.model, outcome.task.dtype, "a further client keeps",
                         median_text(bytes, 1e-6) + " MB", range_text(bytes, 1e-6)});
    } else {
      rows.push_back(row_of(outcomes, outcome));
    }
  }
  std::string text;
  for (const auto* part : {&products, &rows, &clients, &problems}) {
    const bool has_header = part == &products || part == &rows;
    if (part->size() > (has_header ? 1u : 0u)) text += (text.empty() ? "" : "\n") + aligned(*part);
  }
  return text;
}

}  // namespace lorafleet::bench
