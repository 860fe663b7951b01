#include "scenarios/schema/schema.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "partition/support/error.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

void copy(const Field& field, const Member& from, const Member& to) {
  std::visit(Overloaded{[&](const TableMember& source) {
                          void* target = std::get<TableMember>(to).object;
                          for (const auto& inner : field.table->fields()) {
                            copy(inner, inner.in(source.object), inner.in(target));
                          }
                        },
                        [&](const ListMember& source) {
                          const auto& target = std::get<ListMember>(to);
                          const std::size_t size = source.size(source.list);
                          target.resize(target.list, size);
                          for (std::size_t i = 0; i < size; ++i) {
                            for (const auto& inner : field.table->fields()) {
                              copy(inner, inner.in(source.at(source.list, i)),
                                   inner.in(target.at(target.list, i)));
                            }
                          }
                        },
                        [&](auto* source) { *std::get<decltype(source)>(to) = *source; }},
             from);
}

}  // namespace

std::string type_name(const Member& member) {
  return std::visit(
      Overloaded{[](bool*) { return "boolean"; }, [](std::int64_t*) { return "integer"; },
                 [](std::uint64_t*) { return "integer"; }, [](double*) { return "number"; },
                 [](std::string*) { return "string"; },
                 [](std::filesystem::path*) { return "path"; },
                 [](std::vector<std::string>*) { return "array of strings"; },
                 [](std::vector<double>*) { return "array of numbers"; },
                 [](sim::Distribution*) { return "distribution"; },
                 [](std::vector<Expectation>*) { return "table of thresholds"; },
                 [](const TableMember&) { return "table"; },
                 [](const ListMember&) { return "array of tables"; }},
      member);
}

bool Field::is_word(const std::string& text) const {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string Field::allowed() const {
  if (!names.empty()) return join(names);
  return limits.text();
}

const Field* Table::find(std::string_view key) const {
  for (const auto& field : fields_) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

std::vector<std::string> Table::keys() const {
  std::vector<std::string> keys;
  for (const auto& field : fields_)
    keys.push_back(field.key);
  return keys;
}

Field& Table::append(Field field) {
  fields_.push_back(std::move(field));
  return fields_.back();
}

void Table::restrict(std::string_view key, const Condition& condition) {
  const auto field = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const Field& known) { return known.key == key; });
  assert(field != fields_.end());
  if (!field->condition) {
    field->condition = condition;
    return;
  }
  field->condition = Condition{
      field->condition->text + " and " + condition.text,
      [first = field->condition->holds, second = condition.holds](
          const void* owner, const auto& run) { return first(owner, run) && second(owner, run); }};
}

bool active(const Table& table, const Field& field, const void* owner,
            const actors::FederationConfig& run) {
  if (field.condition && !field.condition->holds(owner, run)) return false;
  return field.replaced_by.empty() || !is_set(table.find(field.replaced_by)->in(owner));
}

bool is_set(const Member& member) {
  return std::visit(
      Overloaded{[](bool* value) { return *value; },
                 [](std::int64_t* value) { return *value != 0; },
                 [](std::uint64_t* value) { return *value != 0; },
                 [](double* value) { return *value != 0.0; },
                 [](sim::Distribution*) { return true; }, [](const TableMember&) { return true; },
                 [](const ListMember& list) { return list.size(list.list) > 0; },
                 [](auto* container) { return !container->empty(); }},
      member);
}

void reset_idle(const Table& table, void* owner, const actors::FederationConfig& run) {
  for (const auto& field : table.fields()) {
    const Member member = field.in(owner);
    if (!active(table, field, owner, run)) {
      copy(field, field.in(table.defaults()), member);
    } else if (const auto* inner = std::get_if<TableMember>(&member)) {
      reset_idle(*field.table, inner->object, run);
    } else if (const auto* list = std::get_if<ListMember>(&member)) {
      for (std::size_t i = 0; i < list->size(list->list); ++i) {
        reset_idle(*field.table, list->at(list->list, i), run);
      }
    }
  }
}

}  // namespace lorafleet::scenarios
