#include "scenarios/schema/validation.hpp"

#include "scenarios/schema/rules.hpp"
#include "scenarios/schema/schema.hpp"

namespace lorafleet::scenarios {

namespace {

std::string path_hint(const Field& field, const std::filesystem::path& path) {
  if (path.filename().string().starts_with("debian_descriptions"))
    return "; make it with: lorafleet import debian-descriptions";
  return field.made_by.empty() ? "" : "; get it by " + field.made_by;
}

/// Compares what the document gives with what has an effect in the scenario as read.
class PresenceCheck {
 public:
  PresenceCheck(const std::string& source, const actors::FederationConfig& run, Report& report)
      : source_(source), run_(run), report_(report) {}

  void check_table(const Table& table, const Value* value, const void* owner,
                   const std::string& path) {
    for (const auto& field : table.fields()) {
      const Value* given = value == nullptr ? nullptr : value->find(field.key);
      const std::string key = dotted(path, field.key);
      if (active(table, field, owner, run_)) {
        check_active(field, given, value, field.in(owner), key);
      } else if (given != nullptr) {
        report_idle(table, field, *given, owner, key);
      }
    }
  }

 private:
  void check_active(const Field& field, const Value* given, const Value* table,
                    const Member& member, const std::string& key) {
    if (field.required && given == nullptr) {
      const Place place = table == nullptr ? Place{source_, 0, 0} : table->place;
      std::string what = "is missing";
      if (!field.replaced_by.empty()) what += " (or " + field.replaced_by + ")";
      report_.error(path_less(place, table), key, with_hints(what, field.allowed()));
      return;
    }
    if (const auto* inner = std::get_if<TableMember>(&member)) {
      check_table(*field.table, given, inner->object, key);
    } else if (const auto* list = std::get_if<ListMember>(&member)) {
      check_list(field, given, *list, key);
    } else if (auto* const* path = std::get_if<std::filesystem::path*>(&member)) {
      check_path(field, given, **path, key);
    }
  }

  void check_list(const Field& field, const Value* given, const ListMember& list,
                  const std::string& key) {
    const auto* items = given == nullptr ? nullptr : given->list();
    for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
      check_table(*field.table, &(*items)[i], list.at(list.list, i),
                  dotted(key, std::to_string(i)));
    }
  }

  void check_path(const Field& field, const Value* given, const std::filesystem::path& path,
                  const std::string& key) {
    if (given == nullptr || report_.is_bad(key) || field.path_kind == PathKind::any ||
        field.is_word(path.string())) {
      return;
    }
    const bool folder = field.path_kind == PathKind::folder;
    const std::string kind = folder ? "folder" : "file";
    if (path.empty()) {
      if (field.required) report_.error(given->place, key, "is empty; allowed: a " + kind);
      return;
    }
    std::error_code ignored;
    const auto status = std::filesystem::status(path, ignored);
    if (!std::filesystem::exists(status)) {
      const std::string words =
          field.words.empty() ? "" : "; allowed: " + join(field.words) + ", or a " + kind;
      report_.error(given->place, key,
                    "no such " + kind + ": " + path.string() + path_hint(field, path) + words);
    } else if (std::filesystem::is_directory(status) != folder) {
      report_.error(given->place, key, path.string() + " is not a " + kind);
    }
  }

  void report_idle(const Table& table, const Field& field, const Value& given, const void* owner,
                   const std::string& key) {
    if (field.condition && !field.condition->holds(owner, run_)) {
      report_.warning(given.place, key,
                      "has no effect; it applies only where " + field.condition->text);
    } else {
      const Field& other = *table.find(field.replaced_by);
      report_.error(given.place, key,
                    "cannot stand beside " + other.key + "; give only one of them");
    }
  }

  /// A section that is missing altogether has no line of its own.
  static Place path_less(Place place, const Value* table) {
    if (table != nullptr && table->place.line <= 1 && table->place.column <= 1) {
      place.line = 0;
      place.column = 0;
    }
    return place;
  }

  const std::string& source_;
  const actors::FederationConfig& run_;
  Report& report_;
};

}  // namespace

void validate(const Value& document, const std::string& source, const Scenario& scenario,
              Report& report) {
  PresenceCheck(source, scenario.federation, report)
      .check_table(schema(), &document, &scenario, "");
  check_rules(document, source, scenario, report);
}

}  // namespace lorafleet::scenarios
