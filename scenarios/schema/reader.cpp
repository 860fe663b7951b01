#include "scenarios/schema/reader.hpp"

#include <algorithm>
#include <cmath>

#include "partition/support/files.hpp"
#include "scenarios/schema/distribution_text.hpp"
#include "scenarios/schema/overrides.hpp"
#include "scenarios/schema/schema.hpp"
#include "scenarios/schema/toml_text.hpp"
#include "scenarios/schema/validation.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

namespace {

/// The dotted keys of all tables below `table` that end in ".key": a user may have the wrong
/// section.
void find_elsewhere(const Table& table, const std::string& path, const std::string& key,
                    std::vector<std::string>& found) {
  for (const auto& field : table.fields()) {
    if (field.key == key) found.push_back(dotted(path, key));
    if (field.table != nullptr) find_elsewhere(*field.table, dotted(path, field.key), key, found);
  }
}

/// Reads one document; each overload reads one type of member.
class DocumentReader {
 public:
  DocumentReader(const std::filesystem::path& folder, const std::filesystem::path& sets_folder,
                 Report& report)
      : folder_(folder), sets_folder_(sets_folder), report_(report) {}

  void read_table(const Table& table, const Value& value, void* owner, const std::string& path) {
    const auto* entries = value.table();
    if (entries == nullptr) {
      report_.error(value.place, path, "must be a table, not " + value.described());
      return;
    }
    for (const auto& entry : *entries) {
      const std::string key = dotted(path, entry.key);
      const Field* field = table.find(entry.key);
      if (field == nullptr) {
        report_unknown(table, entry, key);
        continue;
      }
      std::visit([&](auto member) { read(*field, entry.value, key, member); }, field->in(owner));
    }
  }

 private:
  void report_unknown(const Table& table, const Entry& entry, const std::string& key) {
    std::string nearest = nearest_name(entry.key, table.keys());
    std::vector<std::string> elsewhere;
    find_elsewhere(schema(), "", entry.key, elsewhere);
    if (elsewhere.size() == 1) nearest = elsewhere.front();
    report_.error(entry.place, key, with_hints("unknown key", join(table.keys()), nearest));
  }

  void wrong_type(const Field& field, const Value& value, const std::string& key) {
    const std::string article =
        std::string("aeiou").find(field.type[0]) == std::string::npos ? "a " : "an ";
    report_.error(value.place, key,
                  with_hints("must be " + article + field.type + ", not " + value.described(),
                             field.allowed()));
  }

  void out_of_range(const Field& field, const Value& value, const std::string& number,
                    const std::string& key) {
    report_.error(value.place, key, with_hints(number + " is out of range", field.allowed()));
  }

  /// Command-line text stands for itself where a string is wanted: `--set name=2024`.
  static std::optional<std::string> as_text(const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
    if (!value.typed.empty() && value.table() == nullptr && value.list() == nullptr) {
      return value.typed;
    }
    return std::nullopt;
  }

  bool check_name(const Field& field, const Value& value, const std::string& text,
                  const std::string& key) {
    if (field.names.empty()) return true;
    for (const auto& name : field.names) {
      if (name == text) return true;
    }
    report_.error(value.place, key,
                  with_hints("\"" + text + "\" is not known", field.allowed(),
                             nearest_name(text, field.names)));
    return false;
  }

  std::optional<double> read_number(const Field& field, const Value& value,
                                    const std::string& key) {
    double number = 0.0;
    if (const auto* integer = std::get_if<std::int64_t>(&value.data)) {
      number = static_cast<double>(*integer);
    } else if (const auto* floating = std::get_if<double>(&value.data)) {
      number = *floating;
    } else {
      wrong_type(field, value, key);
      return std::nullopt;
    }
    if (std::isfinite(number) && field.limits.allow(number)) return number;
    out_of_range(field, value, number_text(number), key);
    return std::nullopt;
  }

  void read(const Field& field, const Value& value, const std::string& key, bool* member) {
    const auto* boolean = std::get_if<bool>(&value.data);
    if (boolean == nullptr) return wrong_type(field, value, key);
    *member = *boolean;
  }

  template <typename Integer>
  void read_integer(const Field& field, const Value& value, const std::string& key,
                    Integer* member) {
    const auto* integer = std::get_if<std::int64_t>(&value.data);
    if (integer == nullptr) return wrong_type(field, value, key);
    if (!field.limits.allow(static_cast<double>(*integer))) {
      return out_of_range(field, value, std::to_string(*integer), key);
    }
    *member = static_cast<Integer>(*integer);
  }
  void read(const Field& field, const Value& value, const std::string& key, std::int64_t* member) {
    read_integer(field, value, key, member);
  }
  void read(const Field& field, const Value& value, const std::string& key, std::uint64_t* member) {
    read_integer(field, value, key, member);
  }

  void read(const Field& field, const Value& value, const std::string& key, double* member) {
    if (const auto number = read_number(field, value, key)) *member = *number;
  }

  void read(const Field& field, const Value& value, const std::string& key, std::string* member) {
    const auto text = as_text(value);
    if (!text) return wrong_type(field, value, key);
    if (check_name(field, value, *text, key)) *member = *text;
  }

  void read(const Field& field, const Value& value, const std::string& key,
            std::filesystem::path* member) {
    const auto text = as_text(value);
    if (!text) return wrong_type(field, value, key);
    if (text->empty()) {
      member->clear();
      return;
    }
    if (field.is_word(*text)) {
      *member = *text;
      return;
    }
    const std::filesystem::path start = value.place.on_command_line() ? sets_folder_ : folder_;
    *member = std::filesystem::absolute(start / *text).lexically_normal();
    if (!member->has_filename()) *member = member->parent_path();
  }

  void read(const Field& field, const Value& value, const std::string& key,
            std::vector<std::string>* member) {
    const auto* items = value.list();
    if (items == nullptr) return wrong_type(field, value, key);
    std::vector<std::string> texts;
    for (const auto& item : *items) {
      const auto* text = std::get_if<std::string>(&item.data);
      if (text == nullptr) {
        report_.error(item.place, key,
                      with_hints("must hold strings, not " + item.described(), field.allowed()));
      } else if (check_name(field, item, *text, key)) {
        texts.push_back(*text);
      }
    }
    if (!report_.is_bad(key)) *member = std::move(texts);
  }

  void read(const Field& field, const Value& value, const std::string& key,
            std::vector<double>* member) {
    const auto* items = value.list();
    if (items == nullptr) return wrong_type(field, value, key);
    std::vector<double> numbers;
    for (const auto& item : *items) {
      if (!std::holds_alternative<double>(item.data) &&
          !std::holds_alternative<std::int64_t>(item.data)) {
        report_.error(item.place, key,
                      with_hints("must hold numbers, not " + item.described(), field.allowed()));
      } else if (const auto number = read_number(field, item, key)) {
        numbers.push_back(*number);
      }
    }
    if (!report_.is_bad(key)) *member = std::move(numbers);
  }

  void read(const Field& field, const Value& value, const std::string& key,
            sim::Distribution* member) {
    read_distribution(field, value, key, *member, report_);
  }

  void read(const Field& field, const Value& value, const std::string& key, TableMember member) {
    read_table(*field.table, value, member.object, key);
  }

  void read(const Field& field, const Value& value, const std::string& key,
            const ListMember& member) {
    const auto* items = value.list();
    if (items == nullptr) return wrong_type(field, value, key);
    member.resize(member.list, items->size());
    for (std::size_t i = 0; i < items->size(); ++i) {
      read_table(*field.table, (*items)[i], member.at(member.list, i),
                 dotted(key, std::to_string(i)));
    }
  }

  /// `"final.loss" = { below = 3 }`, and `final.loss.below = 3`, which TOML reads as nested tables.
  void read(const Field& field, const Value& value, const std::string& key,
            std::vector<Expectation>* member) {
    if (value.table() == nullptr) return wrong_type(field, value, key);
    for (const auto& entry : *value.table())
      read_expectation(entry, entry.key, key, *member);
  }

  void read_expectation(const Entry& entry, const std::string& figure, const std::string& path,
                        std::vector<Expectation>& expectations) {
    const std::string key = path + "." + figure;
    const auto* entries = entry.value.table();
    if (entries == nullptr || entries->empty()) {
      report_.error(
          entry.value.place, key,
          "must be a table like { below = 40 } or { above = 0.3 }, not " + entry.value.described());
      return;
    }
    for (const auto& inner : *entries) {
      if (inner.value.table() != nullptr) {
        read_expectation(inner, figure + "." + inner.key, path, expectations);
        continue;
      }
      if (inner.key != "below" && inner.key != "above") {
        report_.error(
            inner.place, key + "." + inner.key,
            with_hints("unknown key", "below, above", nearest_name(inner.key, {"below", "above"})));
        continue;
      }
      Field bound;
      bound.type = "number";
      double number = 0.0;
      const auto read = read_number(bound, inner.value, key + "." + inner.key);
      if (!read) continue;
      number = *read;
      Expectation& expectation = find_or_add(expectations, figure);
      (inner.key == "below" ? expectation.below : expectation.above) = number;
    }
  }

  static Expectation& find_or_add(std::vector<Expectation>& expectations,
                                  const std::string& figure) {
    for (auto& expectation : expectations) {
      if (expectation.key == figure) return expectation;
    }
    expectations.push_back({figure, std::nullopt, std::nullopt});
    return expectations.back();
  }

  const std::filesystem::path& folder_;
  const std::filesystem::path& sets_folder_;
  Report& report_;
};

}  // namespace

void read_document(const Value& document, const std::filesystem::path& folder,
                   const std::filesystem::path& sets_folder, Scenario& scenario, Report& report) {
  DocumentReader(folder, sets_folder, report).read_table(schema(), document, &scenario, "");
}

namespace {

/// The default number of versions is for runs that nothing else ends.
void yield_to_other_limits(const Value& document, strategy::StopConfig& stop) {
  const Value* section = document.find("stop");
  if (section == nullptr || section->find("versions") != nullptr) return;
  if (stop.virtual_seconds > 0.0 || stop.updates > 0) stop.versions = 0;
}

}  // namespace

Scenario read_scenario(const std::filesystem::path& file, const std::vector<std::string>& sets,
                       const std::filesystem::path& sets_folder) {
  if (std::filesystem::is_directory(file)) {
    throw InputError(file.string(), "is a folder; a scenario is a TOML file");
  }
  return read_scenario_text(read_file(file), file, sets, sets_folder);
}

Scenario read_scenario_text(const std::string& text, const std::filesystem::path& file,
                            const std::vector<std::string>& sets,
                            const std::filesystem::path& sets_folder) {
  Value document = parse_toml(text, file.string());
  Report report;
  apply_overrides(sets, document, report);
  Scenario scenario;
  scenario.file = std::filesystem::absolute(file).lexically_normal();
  read_document(document, scenario.file.parent_path(), sets_folder, scenario, report);
  yield_to_other_limits(document, scenario.federation.stop);
  validate(document, file.string(), scenario, report);
  report.throw_errors();
  reset_idle(schema(), &scenario, scenario.federation);
  scenario.warnings = report.warnings();
  return scenario;
}

}  // namespace lorafleet::scenarios
