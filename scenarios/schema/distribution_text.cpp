#include "scenarios/schema/distribution_text.hpp"

#include <algorithm>
#include <cmath>

#include "partition/support/error.hpp"

namespace lorafleet::scenarios {

namespace {

using Kind = sim::Distribution::Kind;

std::optional<double> finite_number(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) {
    return static_cast<double>(*integer);
  }
  const auto* number = std::get_if<double>(&value.data);
  if (number == nullptr || !std::isfinite(*number)) return std::nullopt;
  return *number;
}

const DistributionForm* find_form(const Value& table, const std::string& key, Report& report) {
  std::vector<std::string> names;
  for (const auto& form : distribution_forms())
    names.push_back(form.name);
  const Value* name = table.find("distribution");
  if (name == nullptr) {
    report.error(table.place, key + ".distribution", with_hints("is missing", join(names)));
    return nullptr;
  }
  const auto* text = std::get_if<std::string>(&name->data);
  for (const auto& form : distribution_forms()) {
    if (text != nullptr && form.name == *text) return &form;
  }
  const std::string what = text == nullptr ? "must be a string, not " + name->described()
                                           : "\"" + *text + "\" is not known";
  report.error(name->place, key + ".distribution",
               with_hints(what, join(names), text == nullptr ? "" : nearest_name(*text, names)));
  return nullptr;
}

/// One parameter; `otherwise` stands in where it is not given.
std::optional<double> read_parameter(const Value& table, const std::string& name,
                                     const Limits& limits, std::optional<double> otherwise,
                                     const std::string& key, Report& report) {
  const Value* value = table.find(name);
  if (value == nullptr) {
    if (!otherwise) {
      report.error(table.place, key + "." + name, with_hints("is missing", limits.text()));
    }
    return otherwise;
  }
  const auto number = finite_number(*value);
  if (!number) {
    report.error(value->place, key + "." + name,
                 with_hints("must be a finite number, not " + value->described(), limits.text()));
  } else if (!limits.allow(*number)) {
    report.error(value->place, key + "." + name,
                 with_hints(number_text(*number) + " is out of range", limits.text()));
    return std::nullopt;
  }
  return number;
}

}  // namespace

const std::array<DistributionForm, 4>& distribution_forms() {
  static const std::array<DistributionForm, 4> kForms = {{
      {Kind::constant, "constant", {"value"}, {}},
      {Kind::uniform, "uniform", {"low", "high"}, {}},
      {Kind::lognormal, "lognormal", {"median", "sigma"}, {0.0, 10.0, false, false}},
      {Kind::pareto, "pareto", {"minimum", "shape"}, {0.0, std::nullopt, true, false}},
  }};
  return kForms;
}

void read_distribution(const Field& field, const Value& value, const std::string& key,
                       sim::Distribution& distribution, Report& report) {
  if (value.table() == nullptr) {
    const auto number = finite_number(value);
    if (!number) {
      report.error(value.place, key,
                   with_hints("must be a number or a table like { distribution = \"lognormal\", "
                              "median = 10, sigma = 0.5 }, not " +
                                  value.described(),
                              field.limits.text()));
    } else if (!field.limits.allow(*number)) {
      report.error(value.place, key,
                   with_hints(number_text(*number) + " is out of range", field.limits.text()));
    } else {
      distribution = sim::Distribution::constant(*number);
    }
    return;
  }
  const DistributionForm* form = find_form(value, key, report);
  if (form == nullptr) return;
  for (const auto& entry : *value.table()) {
    std::vector<std::string> known = form->parameters;
    if (entry.key == "distribution" ||
        std::find(known.begin(), known.end(), entry.key) != known.end()) {
      continue;
    }
    report.error(
        entry.place, key + "." + entry.key,
        with_hints("unknown key", "distribution, " + join(known), nearest_name(entry.key, known)));
  }
  const auto default_first =
      form->kind == Kind::lognormal ? field.default_median : std::optional<double>();
  const auto first =
      read_parameter(value, form->parameters[0], field.limits, default_first, key, report);
  std::optional<double> second = 0.0;
  if (form->parameters.size() == 2) {
    Limits limits = form->second_limits;
    if (form->kind == Kind::uniform && first) limits.low = *first;
    second = read_parameter(value, form->parameters[1], limits, std::nullopt, key, report);
  }
  if (first && second) distribution = {form->kind, *first, *second};
}

Value distribution_value(const sim::Distribution& distribution) {
  if (distribution.kind == Kind::constant) return Value(distribution.first);
  Value::Table table;
  for (const auto& form : distribution_forms()) {
    if (form.kind != distribution.kind) continue;
    table.emplace_back("distribution", Value(form.name));
    table.emplace_back(form.parameters[0], Value(distribution.first));
    table.emplace_back(form.parameters[1], Value(distribution.second));
  }
  return Value(std::move(table));
}

}  // namespace lorafleet::scenarios
