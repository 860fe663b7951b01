#include "scenarios/grid/sweep_table.hpp"

#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>

#include "partition/support/csv.hpp"
#include "partition/support/formatted.hpp"
#include "partition/support/numbers.hpp"
#include "scenarios/grid/answers.hpp"

namespace lorafleet::scenarios {

namespace {

using Json = nlohmann::ordered_json;

bool has_figures(const SweepRun& run) {
  return !run.figures.empty();
}

std::set<std::string> all_figures(const SweepRuns& runs) {
  std::set<std::string> keys;
  for (const auto& runs_of_case : runs) {
    for (const auto& run : runs_of_case) {
      for (const auto& [key, value] : run.figures)
        keys.insert(key);
    }
  }
  return keys;
}

std::string setting_of(const SweepCase& one, const std::string& key) {
  std::string value;
  for (const auto& setting : one.settings) {
    if (setting.key == key) value = setting.value;
  }
  return value;
}

std::string short_number(double value) {
  return formatted(std::abs(value) >= 1e6 ? "%.3e" : "%.4g", value);
}

std::string cell_of(const Spread& spread) {
  if (spread.count == 0) return "-";
  if (spread.count == 1) return short_number(spread.mean);
  return short_number(spread.mean) + " +- " + short_number(spread.deviation);
}

/// Infinite and undefined numbers are null.
Json finite(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json answer_json(const Question& question, const Answer& answer) {
  const auto told = [&](double value) { return finite(shown(question, value)); };
  Json json = {{"claim", question.claim},
               {"answer", finding_text(answer.finding)},
               {"compared", contrast_text(question)},
               {"scale", question.ratio ? "ratio" : "difference"}};
  if (!answer.reason.empty()) json["reason"] = answer.reason;
  if (question.expected == Claim::same) json["within"] = question.within;
  json["seeds"] = answer.seeds;
  if (answer.seeds.empty()) return json;
  json["by_seed"] = Json::array();
  for (const double difference : answer.differences)
    json["by_seed"].push_back(told(difference));
  const auto& result = answer.result;
  json["of"] = told(answer.of);
  json["against"] = told(answer.against);
  json["estimate"] = told(result.mean);
  json["low"] = told(result.low);
  json["high"] = told(result.high);
  json["d_z"] = finite(result.effect);
  json["could_show"] = told(result.detectable);
  json["p"] = answer.p;
  json["p_holm"] = answer.p_holm;
  return json;
}

Json answers_json(const Sweep& sweep, const SweepRuns& runs) {
  const auto answers = answer_all(sweep, runs);
  Json json = Json::array();
  for (std::size_t i = 0; i < answers.size(); ++i)
    json.push_back(answer_json(sweep.questions[i], answers[i]));
  return json;
}

Json quick_json(const QuickCuts& cuts) {
  Json json = {{"seeds_of_the_study", cuts.seeds},
               {"points_of_the_study", cuts.points},
               {"set", Json::object()},
               {"unanswered", cuts.unanswered}};
  for (const auto& setting : cuts.set)
    json["set"][setting.key] = setting.value;
  return json;
}

}  // namespace

Spread spread(const std::vector<SweepRun>& runs, const std::string& figure) {
  Spread result;
  std::vector<double> values;
  for (const auto& run : runs) {
    const auto found = run.figures.find(figure);
    if (found != run.figures.end()) values.push_back(found->second);
  }
  result.count = values.size();
  if (values.empty()) return result;
  for (const double value : values)
    result.mean += value / static_cast<double>(values.size());
  if (values.size() < 2) return result;
  double squares = 0.0;
  for (const double value : values)
    squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return result;
}

std::vector<std::string> shown_figures(const Sweep& sweep, const SweepRuns& runs) {
  if (!sweep.figures.empty()) return sweep.figures;
  const auto known = all_figures(runs);
  std::vector<std::string> shown;
  const auto show = [&](std::initializer_list<const char*> usual) {
    for (const char* figure : usual) {
      if (known.contains(figure)) shown.emplace_back(figure);
    }
  };
  show({"final.perplexity", "final.token_accuracy"});
  if (shown.empty()) show({"final.accuracy", "final.f1", "final.loss"});  // a classifier's
  show({"versions", "updates_applied", "updates_dropped", "jobs_in_flight_at_end",
        "virtual_seconds", "bytes_up"});
  return shown;
}

std::vector<std::string> unknown_figures(const Sweep& sweep, const SweepRuns& runs) {
  const auto known = all_figures(runs);
  std::vector<std::string> unknown;
  for (const auto& figure : sweep.figures) {
    if (!known.empty() && !known.contains(figure)) unknown.push_back(figure);
  }
  return unknown;
}

std::string sweep_csv(const Sweep& sweep, const SweepRuns& runs) {
  const auto figures = all_figures(runs);
  std::vector<std::string> header = {"case"};
  header.insert(header.end(), sweep.keys.begin(), sweep.keys.end());
  for (const char* column : {"run_seed", "run_status", "error", "folder"})
    header.emplace_back(column);
  header.insert(header.end(), figures.begin(), figures.end());
  std::string text = csv_line(header);
  for (std::size_t c = 0; c < sweep.cases.size(); ++c) {
    for (std::size_t s = 0; s < sweep.seeds.size(); ++s) {
      const SweepRun& run = runs[c][s];
      std::vector<std::string> row = {sweep.cases[c].name};
      for (const auto& key : sweep.keys)
        row.push_back(setting_of(sweep.cases[c], key));
      row.push_back(std::to_string(sweep.seeds[s]));
      row.push_back(run.status);
      row.push_back(run.error);
      row.push_back(run.folder);
      for (const auto& figure : figures) {
        const auto found = run.figures.find(figure);
        row.push_back(found == run.figures.end() ? "" : shortest(found->second));
      }
      text += csv_line(row);
    }
  }
  return text;
}

std::string sweep_json(const Sweep& sweep, const SweepRuns& runs) {
  const auto figures = all_figures(runs);
  Json cases = Json::array();
  for (std::size_t c = 0; c < sweep.cases.size(); ++c) {
    Json one = {{"name", sweep.cases[c].name}, {"set", Json::object()}, {"runs", Json::array()}};
    for (const auto& setting : sweep.cases[c].settings)
      one["set"][setting.key] = setting.value;
    for (std::size_t s = 0; s < sweep.seeds.size(); ++s) {
      Json run = {
          {"seed", sweep.seeds[s]}, {"status", runs[c][s].status}, {"folder", runs[c][s].folder}};
      if (!runs[c][s].error.empty()) run["error"] = runs[c][s].error;
      one["runs"].push_back(std::move(run));
    }
    one["figures"] = Json::object();
    for (const auto& figure : figures) {
      const Spread of = spread(runs[c], figure);
      if (of.count == 0) continue;
      one["figures"][figure] = {
          {"count", of.count}, {"mean", of.mean}, {"deviation", of.deviation}};
    }
    cases.push_back(std::move(one));
  }
  Json document = {{"name", sweep.name}, {"seeds", sweep.seeds}, {"cases", std::move(cases)}};
  if (!sweep.questions.empty()) document["questions"] = answers_json(sweep, runs);
  if (sweep.quick) document["quick"] = quick_json(*sweep.quick);
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::vector<std::string>> sweep_rows(const Sweep& sweep, const SweepRuns& runs) {
  const auto shown = shown_figures(sweep, runs);
  std::vector<std::vector<std::string>> rows = {{"case", "runs"}};
  rows.front().insert(rows.front().end(), shown.begin(), shown.end());
  for (std::size_t c = 0; c < sweep.cases.size(); ++c) {
    std::size_t done = 0;
    std::size_t missed = 0;
    for (const auto& run : runs[c]) {
      done += has_figures(run) ? 1 : 0;
      missed += run.status == SweepRun::kMissed ? 1 : 0;
    }
    std::string count = std::to_string(done) + "/" + std::to_string(runs[c].size());
    if (missed > 0) count += ", " + std::to_string(missed) + " missed";
    std::vector<std::string> row = {sweep.cases[c].name, std::move(count)};
    for (const auto& figure : shown)
      row.push_back(cell_of(spread(runs[c], figure)));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace lorafleet::scenarios
