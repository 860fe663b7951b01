#include "scenarios/schema/sweep.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "partition/support/files.hpp"
#include "scenarios/schema/report.hpp"
#include "scenarios/schema/toml_text.hpp"

namespace lorafleet::scenarios {

namespace {

constexpr std::size_t kMostRuns = 100000;

struct Axis {
  std::string key;
  std::vector<std::string> values;
};

struct NamedSettings {
  std::string name;
  std::vector<Setting> settings;
};

/// The sweep file before its scenarios are read.
struct SweepFile {
  std::string name;
  std::filesystem::path scenario;
  std::vector<std::int64_t> seeds;
  std::vector<std::string> figures;
  std::vector<Setting> set;
  std::vector<Axis> axes;
  std::vector<NamedSettings> cases;
};

class SweepReader {
 public:
  SweepReader(const std::filesystem::path& file, Report& report) : file_(file), report_(report) {}

  SweepFile read(const Value& document) {
    SweepFile sweep;
    sweep.name = file_.stem().string();
    for (const auto& entry : *document.table()) {
      if (entry.key == "name") {
        if (const auto* text = string(entry.value, "name")) sweep.name = *text;
      } else if (entry.key == "scenario") {
        if (const auto* text = string(entry.value, "scenario")) {
          sweep.scenario = (file_.parent_path() / *text).lexically_normal();
        }
      } else if (entry.key == "seeds") {
        read_seeds(entry.value, sweep.seeds);
      } else if (entry.key == "figures") {
        read_strings(entry.value, "figures", sweep.figures);
      } else if (entry.key == "set") {
        flatten(entry.value, "set", "", sweep.set);
      } else if (entry.key == "axes") {
        read_axes(entry.value, "", sweep.axes);
      } else if (entry.key == "cases") {
        read_cases(entry.value, sweep.cases);
      } else {
        const std::vector<std::string> known = {"name", "scenario", "seeds", "figures",
                                                "set",  "axes",     "cases"};
        report_.error(entry.place, entry.key,
                      with_hints("unknown key", join(known), nearest_name(entry.key, known)));
      }
    }
    if (sweep.scenario.empty() && !report_.is_bad("scenario")) {
      report_.error(document.place, "scenario", "is missing: the scenario file to vary");
    }
    if (sweep.cases.empty()) sweep.cases.push_back({});
    return sweep;
  }

 private:
  void wrong(const Value& value, const std::string& key, const std::string& wanted) {
    report_.error(value.place, key, "must be " + wanted + ", not " + value.described());
  }

  const std::string* string(const Value& value, const std::string& key) {
    const auto* text = std::get_if<std::string>(&value.data);
    if (text == nullptr || text->empty()) {
      wrong(value, key, "a string that is not empty");
      return nullptr;
    }
    return text;
  }

  void read_strings(const Value& value, const std::string& key, std::vector<std::string>& texts) {
    if (value.list() == nullptr) return wrong(value, key, "an array of strings");
    for (const auto& item : *value.list()) {
      if (const auto* text = string(item, key)) texts.push_back(*text);
    }
  }

  void read_seeds(const Value& value, std::vector<std::int64_t>& seeds) {
    if (value.list() == nullptr || value.list()->empty()) {
      return wrong(value, "seeds", "an array of whole numbers");
    }
    for (const auto& item : *value.list()) {
      const auto* seed = std::get_if<std::int64_t>(&item.data);
      if (seed == nullptr || *seed < 0) {
        wrong(item, "seeds", "whole numbers, 0 or more");
      } else if (std::find(seeds.begin(), seeds.end(), *seed) != seeds.end()) {
        report_.error(item.place, "seeds", std::to_string(*seed) + " stands there twice");
      } else {
        seeds.push_back(*seed);
      }
    }
  }

  /// `"a.b" = 1`, and `a.b = 1`, which TOML reads as nested tables. A distribution is one value.
  void flatten(const Value& value, const std::string& where, const std::string& key,
               std::vector<Setting>& settings) {
    const bool nested = value.table() != nullptr && value.find("distribution") == nullptr;
    if (key == "seed") {
      report_.error(value.place, where + ".seed", "cannot be varied here; use seeds = [1, 2, 3]");
      return;
    }
    if (!nested) {
      if (key.empty()) return wrong(value, where, "a table of scenario keys");
      settings.push_back({key, inline_text(value)});
      return;
    }
    for (const auto& entry : *value.table()) {
      flatten(entry.value, where, key.empty() ? entry.key : key + "." + entry.key, settings);
    }
  }

  void read_axes(const Value& value, const std::string& key, std::vector<Axis>& axes) {
    if (key == "seed") {
      report_.error(value.place, "axes.seed", "cannot be varied here; use seeds = [1, 2, 3]");
      return;
    }
    if (value.table() != nullptr) {
      for (const auto& entry : *value.table()) {
        read_axes(entry.value, key.empty() ? entry.key : key + "." + entry.key, axes);
      }
      return;
    }
    if (key.empty() || value.list() == nullptr || value.list()->empty()) {
      return wrong(value, key.empty() ? "axes" : "axes." + key, "an array with the values to run");
    }
    Axis axis{key, {}};
    for (const auto& item : *value.list())
      axis.values.push_back(inline_text(item));
    axes.push_back(std::move(axis));
  }

  void read_cases(const Value& value, std::vector<NamedSettings>& cases) {
    if (value.list() == nullptr) return wrong(value, "cases", "an array of tables ([[cases]])");
    for (const auto& item : *value.list()) {
      if (item.table() == nullptr) {
        wrong(item, "cases", "tables");
        continue;
      }
      NamedSettings entry;
      for (const auto& part : *item.table()) {
        if (part.key == "name") {
          if (const auto* text = string(part.value, "cases.name")) entry.name = *text;
        } else if (part.key == "set") {
          flatten(part.value, "cases.set", "", entry.settings);
        } else {
          report_.error(
              part.place, "cases." + part.key,
              with_hints("unknown key", "name, set", nearest_name(part.key, {"name", "set"})));
        }
      }
      if (entry.name.empty() && !report_.is_bad("cases.name")) {
        report_.error(item.place, "cases.name", "is missing");
      }
      cases.push_back(std::move(entry));
    }
  }

  const std::filesystem::path& file_;
  Report& report_;
};

std::string unquoted(const std::string& value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

/// "03-fedbuff,r=8": letters that no folder name needs become '_'.
std::string folder_name(std::size_t index, const std::string& label) {
  char number[16];
  std::snprintf(number, sizeof number, "%02zu", index + 1);
  std::string name = number;
  if (!label.empty()) name += "-" + label;
  for (char& letter : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
                       std::string_view("-_.,=+").find(letter) != std::string_view::npos;
    if (!plain) letter = '_';
  }
  constexpr std::size_t kLongest = 100;
  return name.substr(0, kLongest);
}

/// All combinations, the last axis changing fastest.
std::vector<NamedSettings> grid(const SweepFile& sweep) {
  std::vector<NamedSettings> points = sweep.cases;
  for (const auto& axis : sweep.axes) {
    const std::string short_key = axis.key.substr(axis.key.find_last_of('.') + 1);
    std::vector<NamedSettings> next;
    for (const auto& point : points) {
      for (const auto& value : axis.values) {
        NamedSettings combined = point;
        combined.settings.push_back({axis.key, value});
        combined.name += (combined.name.empty() ? "" : ",") + short_key + "=" + unquoted(value);
        next.push_back(std::move(combined));
        if (next.size() > kMostRuns) {
          throw InputError(
              sweep.scenario.string(),
              "the axes have more than " + std::to_string(kMostRuns) + " combinations");
        }
      }
    }
    points = std::move(next);
  }
  return points;
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

}  // namespace

Sweep read_sweep(const std::filesystem::path& path, const std::vector<std::string>& more) {
  const std::filesystem::path file = std::filesystem::absolute(path).lexically_normal();
  const Value document = parse_toml(read_file(path), path.string());
  Report report;
  const SweepFile plan = SweepReader(file, report).read(document);
  report.throw_errors();

  Sweep sweep{plan.name, plan.seeds, {}, plan.figures, {}};
  const auto points = grid(plan);
  sweep.keys = keys_of(points);
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
