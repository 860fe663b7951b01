#include "scenarios/schema/reference.hpp"

#include "scenarios/schema/distribution_text.hpp"
#include "scenarios/schema/schema.hpp"
#include "scenarios/schema/toml_text.hpp"

namespace lorafleet::scenarios {

namespace {

struct DefaultText {
  std::string operator()(bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(std::int64_t* value) const { return std::to_string(*value); }
  std::string operator()(std::uint64_t* value) const { return std::to_string(*value); }
  std::string operator()(double* value) const { return number_text(*value); }
  std::string operator()(std::string* value) const { return toml_string(*value); }
  std::string operator()(std::filesystem::path* value) const {
    return value->empty() ? "" : toml_string(value->string());
  }
  std::string operator()(std::vector<std::string>* values) const { return list(*values); }
  std::string operator()(std::vector<double>* values) const { return list(*values); }
  std::string operator()(sim::Distribution* value) const {
    return inline_text(distribution_value(*value));
  }
  std::string operator()(std::vector<Expectation>*) const { return ""; }
  std::string operator()(const TableMember&) const { return ""; }
  std::string operator()(const ListMember&) const { return "[]"; }

  template <typename T>
  std::string list(const std::vector<T>& values) const {
    std::vector<std::string> items;
    for (T value : values)
      items.push_back((*this)(&value));
    return "[" + join(items) + "]";
  }
};

/// "|" ends a cell of a Markdown table, in code as well.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  return text;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + cell(text) + "`";
}

std::string default_cell(const Table& table, const Field& field) {
  if (field.required) return "required";
  return code(std::visit(DefaultText{}, field.in(table.defaults())));
}

std::string meaning_cell(const Field& field) {
  std::string text = cell(field.doc);
  if (!field.unit.empty()) text += " (" + field.unit + ")";
  if (field.condition) text += "; only where " + cell(field.condition->text);
  return text;
}

std::string allowed_cell(const Field& field) {
  std::string text;
  for (const auto& name : field.names) {
    text += (text.empty() ? "" : ", ") + code(name);
  }
  return text.empty() ? field.limits.text() : text;
}

void write_table(const Table& table, const std::string& heading, const std::string& doc,
                 std::string& text) {
  text += "### " + heading + "\n\n";
  if (!doc.empty()) text += doc + "\n\n";
  text += "| key | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& field : table.fields()) {
    text += "| " + code(field.key) + " | " + field.type + " | " + default_cell(table, field) +
            " | " + allowed_cell(field) + " | " + meaning_cell(field) + " |\n";
  }
  text += "\n";
}

/// Sections first, then the tables inside them.
void write_inner(const Table& table, const std::string& path, std::string& text) {
  for (const auto& field : table.fields()) {
    if (field.table == nullptr) continue;
    const std::string key = path.empty() ? field.key : path + "." + field.key;
    const bool list = std::holds_alternative<ListMember>(field.in(table.defaults()));
    const std::string heading = list ? "[[" + key + "]]" : "[" + key + "]";
    write_table(*field.table, heading, path.empty() ? field.doc : "", text);
    write_inner(*field.table, key, text);
  }
}

Table scalars_of(const Table& table) {
  Table scalars(std::shared_ptr<const void>(std::shared_ptr<void>(), table.defaults()));
  for (const auto& field : table.fields()) {
    if (field.table == nullptr) scalars.append(field);
  }
  return scalars;
}

}  // namespace

std::string markdown_reference() {
  std::string text;
  write_table(scalars_of(schema()), "Top of the file", "", text);
  write_inner(schema(), "", text);
  text.pop_back();
  return text;
}

}  // namespace lorafleet::scenarios
