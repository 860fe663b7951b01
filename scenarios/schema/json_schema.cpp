#include "scenarios/schema/json_schema.hpp"

#include <nlohmann/json.hpp>

#include "scenarios/schema/distribution_text.hpp"
#include "scenarios/schema/schema.hpp"

namespace lorafleet::scenarios {

namespace {

using Json = nlohmann::ordered_json;

Json bounded(const char* type, const Limits& limits) {
  Json schema = {{"type", type}};
  if (limits.low) schema[limits.low_open ? "exclusiveMinimum" : "minimum"] = *limits.low;
  if (limits.high) schema[limits.high_open ? "exclusiveMaximum" : "maximum"] = *limits.high;
  return schema;
}

Json text_of(const Field& field) {
  Json schema = {{"type", "string"}};
  if (!field.names.empty()) schema["enum"] = field.names;
  return schema;
}

Json array_of(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

/// A number, or `{ distribution = ..., ... }`.
Json distribution_of(const Field& field) {
  Json forms = Json::array({bounded("number", field.limits)});
  for (const auto& form : distribution_forms()) {
    Json properties = {{"distribution", {{"const", form.name}}}};
    Json required = {"distribution"};
    for (std::size_t i = 0; i < form.parameters.size(); ++i) {
      const Limits& limits = i == 1 && form.second_limits.low ? form.second_limits : field.limits;
      properties[form.parameters[i]] = bounded("number", limits);
      const bool optional =
          i == 0 && form.kind == sim::Distribution::Kind::lognormal && field.default_median;
      if (!optional) required.push_back(form.parameters[i]);
    }
    forms.push_back({{"type", "object"},
                     {"properties", std::move(properties)},
                     {"required", std::move(required)},
                     {"additionalProperties", false}});
  }
  return {{"anyOf", std::move(forms)}};
}

Json thresholds() {
  const Json number = {{"type", "number"}};
  const Json bounds = {{"type", "object"},
                       {"properties", {{"below", number}, {"above", number}}},
                       {"minProperties", 1},
                       {"additionalProperties", false}};
  return {{"type", "object"}, {"additionalProperties", bounds}};
}

Json object_of(const Table& table);

/// The form of a field's values, and its default.
struct FieldSchema {
  const Field& field;

  Json operator()(bool* value) const { return {{"type", "boolean"}, {"default", *value}}; }
  Json operator()(std::int64_t* value) const { return number("integer", *value); }
  Json operator()(std::uint64_t* value) const { return number("integer", *value); }
  Json operator()(double* value) const { return number("number", *value); }
  Json operator()(std::string* value) const { return with_default(text_of(field), *value); }
  Json operator()(std::filesystem::path* value) const {
    return value->empty() ? text_of(field) : with_default(text_of(field), value->string());
  }
  Json operator()(std::vector<std::string>* value) const {
    return with_default(array_of(text_of(field)), *value);
  }
  Json operator()(std::vector<double>* value) const {
    return with_default(array_of(bounded("number", field.limits)), *value);
  }
  Json operator()(sim::Distribution*) const { return distribution_of(field); }
  Json operator()(std::vector<Expectation>*) const { return thresholds(); }
  Json operator()(const TableMember&) const { return object_of(*field.table); }
  Json operator()(const ListMember&) const { return array_of(object_of(*field.table)); }

 private:
  template <typename T>
  Json number(const char* type, T value) const {
    return with_default(bounded(type, field.limits), value);
  }
  template <typename T>
  Json with_default(Json schema, const T& value) const {
    if (!field.required) schema["default"] = value;
    return schema;
  }
};

std::string description(const Field& field) {
  std::string text = field.doc;
  if (!field.unit.empty()) text += " (" + field.unit + ")";
  if (field.condition) text += "; only where " + field.condition->text;
  return text;
}

Json object_of(const Table& table) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& field : table.fields()) {
    Json schema = std::visit(FieldSchema{field}, field.in(table.defaults()));
    schema["description"] = description(field);
    properties[field.key] = std::move(schema);
    if (field.required && field.replaced_by.empty()) required.push_back(field.key);
  }
  Json schema = {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

}  // namespace

std::string json_schema() {
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                 {"title", "LoRAFleet scenario"}};
  schema.update(object_of(lorafleet::scenarios::schema()));
  return schema.dump(2) + "\n";
}

}  // namespace lorafleet::scenarios
