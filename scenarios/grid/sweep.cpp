#include "scenarios/grid/sweep.hpp"

#include <algorithm>
#include <cctype>

#include "partition/support/files.hpp"
#include "partition/support/formatted.hpp"
#include "scenarios/grid/question_reader.hpp"
#include "scenarios/grid/sweep_file.hpp"
#include "scenarios/schema/report.hpp"
#include "scenarios/schema/toml_text.hpp"

namespace lorafleet::scenarios {

namespace {

/// "03-fedbuff,r=8": letters that no folder name needs become '_'.
std::string folder_name(std::size_t index, const std::string& label) {
  std::string name = formatted("%02zu", index + 1);
  if (!label.empty()) name += "-" + label;
  for (char& letter : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
                       std::string_view("-_.,=+").find(letter) != std::string_view::npos;
    if (!plain) letter = '_';
  }
  constexpr std::size_t kLongest = 100;
  return name.substr(0, kLongest);
}

std::vector<std::string> keys_of(const std::vector<NamedSettings>& points) {
  std::vector<std::string> keys;
  for (const auto& point : points) {
    for (const auto& setting : point.settings) {
      if (std::find(keys.begin(), keys.end(), setting.key) == keys.end()) {
        keys.push_back(setting.key);
      }
    }
  }
  return keys;
}

std::vector<std::string> as_sets(const std::vector<Setting>& settings) {
  std::vector<std::string> sets;
  for (const auto& setting : settings)
    sets.push_back(setting.key + "=" + setting.value);
  return sets;
}

SweepFile quick_of(const SweepFile& whole, const std::filesystem::path& path) {
  if (!whole.quick) {
    throw InputError("--quick",
                     path.string() + " has no [quick] part that says how to make it short");
  }
  return quick_sweep(whole);
}

}  // namespace

Sweep read_sweep(const std::filesystem::path& path, const std::vector<std::string>& more,
                 bool quick) {
  const std::filesystem::path file = std::filesystem::absolute(path).lexically_normal();
  const Value document = parse_toml(read_file(path), path.string());
  Report report;
  const SweepFile whole = read_sweep_file(document, file, report);
  report.throw_errors();
  const auto all_points = grid_of(whole);
  Sweep sweep;
  sweep.questions = read_questions(whole.questions, all_points, report);
  report.throw_errors();

  const SweepFile plan = quick ? quick_of(whole, path) : whole;
  const auto points = grid_of(plan);
  sweep.name = plan.name;
  sweep.seeds = plan.seeds;
  sweep.figures = plan.figures;
  sweep.keys = keys_of(points);
  if (quick) {
    sweep.quick = QuickCuts{whole.seeds.size(), all_points.size(), whole.quick->set, {}};
    sweep.questions = read_questions(whole.questions, points, report, &sweep.quick->unanswered);
  }
  for (const auto& point : points) {
    SweepCase one{folder_name(sweep.cases.size(), point.name), point.settings, {}};
    std::vector<std::string> sets = as_sets(plan.set);
    for (const auto& set : as_sets(point.settings))
      sets.push_back(set);
    sets.insert(sets.end(), more.begin(), more.end());
    if (sweep.seeds.empty()) {
      const auto seed = read_scenario(plan.scenario, sets, file.parent_path()).federation.seed;
      sweep.seeds.push_back(static_cast<std::int64_t>(seed));
    }
    for (const std::int64_t seed : sweep.seeds) {
      auto with_seed = sets;
      with_seed.push_back("seed=" + std::to_string(seed));
      one.runs.push_back(read_scenario(plan.scenario, with_seed, file.parent_path()));
    }
    sweep.cases.push_back(std::move(one));
  }
  return sweep;
}

}  // namespace lorafleet::scenarios
