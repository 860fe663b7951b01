#include "scenarios/grid/sweep_file.hpp"

#include <algorithm>

#include "partition/support/error.hpp"
#include "scenarios/schema/toml_text.hpp"

namespace lorafleet::scenarios {

namespace {

constexpr std::size_t kMostPoints = 100000;

void wrong(Report& report, const Value& value, const std::string& key, const std::string& wanted) {
  report.error(value.place, key, "must be " + wanted + ", not " + value.described());
}

void unknown_key(Report& report, const Entry& entry, const std::string& key,
                 const std::vector<std::string>& known) {
  report.error(entry.place, key,
               with_hints("unknown key", join(known), nearest_name(entry.key, known)));
}

const std::string* read_string(const Value& value, const std::string& key, Report& report) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr || text->empty()) {
    wrong(report, value, key, "a string that is not empty");
    return nullptr;
  }
  return text;
}

void read_strings(const Value& value, const std::string& key, std::vector<std::string>& texts,
                  Report& report) {
  if (value.list() == nullptr) return wrong(report, value, key, "an array of strings");
  for (const auto& item : *value.list()) {
    if (const auto* text = read_string(item, key, report)) texts.push_back(*text);
  }
}

void read_seeds(const Value& value, const std::string& key, std::vector<std::int64_t>& seeds,
                Report& report) {
  if (value.list() == nullptr || value.list()->empty()) {
    return wrong(report, value, key, "an array of whole numbers");
  }
  for (const auto& item : *value.list()) {
    const auto* seed = std::get_if<std::int64_t>(&item.data);
    if (seed == nullptr || *seed < 0) {
      wrong(report, item, key, "whole numbers, 0 or more");
    } else if (std::find(seeds.begin(), seeds.end(), *seed) != seeds.end()) {
      report.error(item.place, key, std::to_string(*seed) + " stands there twice");
    } else {
      seeds.push_back(*seed);
    }
  }
}

void flatten(const Value& value, const std::string& where, const std::string& key,
             std::vector<Setting>& settings, Report& report) {
  // "expect" = {} empties a table: a setting of its own.
  const bool emptied = value.table() != nullptr && value.table()->empty() && !key.empty();
  const bool nested = value.table() != nullptr && value.find("distribution") == nullptr && !emptied;
  if (key == "seed") {
    report.error(value.place, where + ".seed", "cannot be varied here; use seeds = [1, 2, 3]");
    return;
  }
  if (!nested) {
    if (key.empty()) return wrong(report, value, where, "a table of scenario keys");
    settings.push_back({key, inline_text(value)});
    return;
  }
  for (const auto& entry : *value.table()) {
    flatten(entry.value, where, key.empty() ? entry.key : key + "." + entry.key, settings, report);
  }
}

void read_axes(const Value& value, const std::string& where, const std::string& key,
               std::vector<Axis>& axes, Report& report) {
  if (key == "seed") {
    report.error(value.place, where + ".seed", "cannot be varied here; use seeds = [1, 2, 3]");
    return;
  }
  if (value.table() != nullptr) {
    for (const auto& entry : *value.table()) {
      read_axes(entry.value, where, key.empty() ? entry.key : key + "." + entry.key, axes, report);
    }
    return;
  }
  if (key.empty() || value.list() == nullptr || value.list()->empty()) {
    return wrong(report, value, key.empty() ? where : where + "." + key,
                 "an array with the values to run");
  }
  Axis axis{key, {}};
  for (const auto& item : *value.list())
    axis.values.push_back(inline_text(item));
  axes.push_back(std::move(axis));
}

void read_cases(const Value& value, std::vector<NamedSettings>& cases, Report& report) {
  if (value.list() == nullptr) {
    return wrong(report, value, "cases", "an array of tables ([[cases]])");
  }
  for (const auto& item : *value.list()) {
    if (item.table() == nullptr) {
      wrong(report, item, "cases", "tables");
      continue;
    }
    NamedSettings entry;
    for (const auto& part : *item.table()) {
      if (part.key == "name") {
        if (const auto* text = read_string(part.value, "cases.name", report)) entry.name = *text;
      } else if (part.key == "set") {
        read_settings(part.value, "cases.set", entry.settings, report);
      } else {
        unknown_key(report, part, "cases." + part.key, {"name", "set"});
      }
    }
    if (entry.name.empty() && !report.is_bad("cases.name")) {
      report.error(item.place, "cases.name", "is missing");
    }
    entry.of = entry.name;
    cases.push_back(std::move(entry));
  }
}

QuickPart read_quick(const Value& value, Report& report) {
  QuickPart quick;
  if (value.table() == nullptr) {
    wrong(report, value, "quick", "a table ([quick])");
    return quick;
  }
  for (const auto& entry : *value.table()) {
    if (entry.key == "seeds") {
      read_seeds(entry.value, "quick.seeds", quick.seeds, report);
    } else if (entry.key == "set") {
      read_settings(entry.value, "quick.set", quick.set, report);
    } else if (entry.key == "axes") {
      read_axes(entry.value, "quick.axes", "", quick.axes, report);
    } else if (entry.key == "cases") {
      read_strings(entry.value, "quick.cases", quick.cases, report);
    } else {
      unknown_key(report, entry, "quick." + entry.key, {"seeds", "set", "axes", "cases"});
    }
  }
  return quick;
}

/// [quick] may take away and change what the sweep has, not add to it.
void check_quick(const SweepFile& sweep, const Value& place, Report& report) {
  std::vector<std::string> keys;
  for (const auto& axis : sweep.axes)
    keys.push_back(axis.key);
  std::vector<std::string> names;
  for (const auto& one : sweep.cases)
    names.push_back(one.name);
  const auto check = [&](const std::string& key, const std::string& name, const char* what,
                         const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    report.error(place.place, key,
                 with_hints("there is no " + std::string(what) + " \"" + name + "\"", join(known),
                            nearest_name(name, known)));
  };
  for (const auto& axis : sweep.quick->axes)
    check("quick.axes", axis.key, "axis", keys);
  for (const auto& name : sweep.quick->cases)
    check("quick.cases", name, "case", names);
}

std::string unquoted(const std::string& value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

}  // namespace

void read_settings(const Value& value, const std::string& where, std::vector<Setting>& settings,
                   Report& report) {
  flatten(value, where, "", settings, report);
}

SweepFile read_sweep_file(const Value& document, const std::filesystem::path& file,
                          Report& report) {
  SweepFile sweep;
  sweep.name = file.stem().string();
  const Value* quick = nullptr;
  for (const auto& entry : *document.table()) {
    if (entry.key == "name") {
      if (const auto* text = read_string(entry.value, "name", report)) sweep.name = *text;
    } else if (entry.key == "scenario") {
      if (const auto* text = read_string(entry.value, "scenario", report)) {
        sweep.scenario = (file.parent_path() / *text).lexically_normal();
      }
    } else if (entry.key == "seeds") {
      read_seeds(entry.value, "seeds", sweep.seeds, report);
    } else if (entry.key == "figures") {
      read_strings(entry.value, "figures", sweep.figures, report);
    } else if (entry.key == "set") {
      read_settings(entry.value, "set", sweep.set, report);
    } else if (entry.key == "axes") {
      read_axes(entry.value, "axes", "", sweep.axes, report);
    } else if (entry.key == "cases") {
      read_cases(entry.value, sweep.cases, report);
    } else if (entry.key == "quick") {
      quick = &entry.value;
      sweep.quick = read_quick(entry.value, report);
    } else if (entry.key == "questions") {
      sweep.questions = entry.value;
    } else {
      unknown_key(
          report, entry, entry.key,
          {"name", "scenario", "seeds", "figures", "set", "axes", "cases", "questions", "quick"});
    }
  }
  if (sweep.scenario.empty() && !report.is_bad("scenario")) {
    report.error(document.place, "scenario", "is missing: the scenario file to vary");
  }
  if (quick != nullptr) check_quick(sweep, *quick, report);
  if (sweep.cases.empty()) sweep.cases.push_back({});
  return sweep;
}

std::vector<NamedSettings> grid_of(const SweepFile& sweep) {
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
        if (next.size() > kMostPoints) {
          throw InputError(
              sweep.scenario.string(),
              "the axes have more than " + std::to_string(kMostPoints) + " combinations");
        }
      }
    }
    points = std::move(next);
  }
  return points;
}

SweepFile quick_sweep(SweepFile sweep) {
  const QuickPart quick = *sweep.quick;
  sweep.name += "-quick";
  if (!quick.seeds.empty()) sweep.seeds = quick.seeds;
  sweep.set.insert(sweep.set.end(), quick.set.begin(), quick.set.end());
  for (const auto& shorter : quick.axes) {
    for (auto& axis : sweep.axes) {
      if (axis.key == shorter.key) axis.values = shorter.values;
    }
  }
  if (!quick.cases.empty()) {
    std::erase_if(sweep.cases, [&](const NamedSettings& one) {
      return std::find(quick.cases.begin(), quick.cases.end(), one.name) == quick.cases.end();
    });
  }
  return sweep;
}

}  // namespace lorafleet::scenarios
