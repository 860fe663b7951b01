#include "scenarios/schema/distribution_text.hpp"
#include "scenarios/schema/schema.hpp"
#include "scenarios/schema/toml_text.hpp"

namespace lorafleet::scenarios {

namespace {

/// Whether a sibling stands for `field` unless `field` is set: only one of the two is written.
bool is_unset_alternative(const Table& table, const Field& field, const void* owner) {
  for (const auto& other : table.fields()) {
    if (other.replaced_by == field.key) return !is_set(field.in(owner));
  }
  return false;
}

/// The members of one table as values, without those that have no effect and empty paths and lists.
class DocumentWriter {
 public:
  explicit DocumentWriter(const actors::FederationConfig& run) : run_(run) {}

  Value::Table table(const Table& table, const void* owner) const {
    Value::Table entries;
    for (const auto& field : table.fields()) {
      if (!active(table, field, owner, run_) || is_unset_alternative(table, field, owner)) continue;
      if (auto value =
              std::visit([&](auto member) { return write(field, member); }, field.in(owner))) {
        entries.emplace_back(field.key, std::move(*value));
      }
    }
    return entries;
  }

 private:
  using Written = std::optional<Value>;

  template <typename T>
  static Written plain(T data) {
    return Value(std::move(data));
  }

  template <typename T>
  static Written items(const std::vector<T>& values) {
    if (values.empty()) return std::nullopt;
    Value::List list;
    for (const auto& value : values)
      list.emplace_back(value);
    return plain(std::move(list));
  }

  Written write(const Field&, bool* member) const { return plain(*member); }
  Written write(const Field&, std::int64_t* member) const { return plain(*member); }
  Written write(const Field&, std::uint64_t* member) const {
    return plain(static_cast<std::int64_t>(*member));
  }
  Written write(const Field&, double* member) const { return plain(*member); }
  Written write(const Field&, std::string* member) const { return plain(*member); }
  Written write(const Field&, std::filesystem::path* member) const {
    if (member->empty()) return std::nullopt;
    return plain(member->string());
  }
  Written write(const Field&, std::vector<std::string>* member) const { return items(*member); }
  Written write(const Field&, std::vector<double>* member) const { return items(*member); }
  Written write(const Field&, sim::Distribution* member) const {
    return distribution_value(*member);
  }
  Written write(const Field& field, TableMember member) const {
    return plain(table(*field.table, member.object));
  }
  Written write(const Field& field, const ListMember& member) const {
    Value::List list;
    for (std::size_t i = 0; i < member.size(member.list); ++i) {
      list.emplace_back(table(*field.table, member.at(member.list, i)));
    }
    if (list.empty()) return std::nullopt;
    return plain(std::move(list));
  }
  Written write(const Field&, std::vector<Expectation>* member) const {
    Value::Table thresholds;
    for (const auto& expectation : *member) {
      Value::Table bounds;
      if (expectation.below) bounds.emplace_back("below", Value(*expectation.below));
      if (expectation.above) bounds.emplace_back("above", Value(*expectation.above));
      thresholds.emplace_back(expectation.key, Value(std::move(bounds)));
    }
    if (thresholds.empty()) return std::nullopt;
    return plain(std::move(thresholds));
  }

  const actors::FederationConfig& run_;
};

std::string line(const Entry& entry) {
  return key_text(entry.key) + " = " + inline_text(entry.value) + "\n";
}

/// Arrays of tables are written one table a line, so that a tier stays a line.
std::string list_lines(const Entry& entry) {
  std::string text = key_text(entry.key) + " = [\n";
  for (const auto& item : *entry.value.list())
    text += "  " + inline_text(item) + ",\n";
  return text + "]\n";
}

bool is_list_of_tables(const Value& value) {
  const auto* items = value.list();
  return items != nullptr && !items->empty() && items->front().table() != nullptr;
}

}  // namespace

std::string to_toml(const Scenario& scenario) {
  std::string top;
  std::string sections;
  for (const auto& section : DocumentWriter(scenario.federation).table(schema(), &scenario)) {
    if (section.value.table() == nullptr) {
      top += line(section);
      continue;
    }
    sections += "\n[" + key_text(section.key) + "]\n";
    for (const auto& entry : *section.value.table()) {
      sections += is_list_of_tables(entry.value) ? list_lines(entry) : line(entry);
    }
  }
  return top + sections;
}

}  // namespace lorafleet::scenarios
