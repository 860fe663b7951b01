#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "scenarios/schema/schema.hpp"

namespace lorafleet::scenarios {

/// Chained after TableOf::field: what is known about the key beyond its type.
class FieldBuilder {
 public:
  explicit FieldBuilder(Field& field) : field_(field) {}

  FieldBuilder& within(const Limits& limits) {
    field_.limits = limits;
    return *this;
  }
  FieldBuilder& at_least(double low) { return bounds(low, false); }
  FieldBuilder& above(double low) { return bounds(low, true); }
  FieldBuilder& at_most(double high) {
    field_.limits.high = high;
    return *this;
  }
  FieldBuilder& below(double high) {
    field_.limits.high_open = true;
    return at_most(high);
  }
  FieldBuilder& between(double low, double high) { return at_least(low).at_most(high); }
  FieldBuilder& unit(std::string unit) {
    field_.unit = std::move(unit);
    return *this;
  }
  FieldBuilder& names(std::vector<std::string> names) {
    field_.names = std::move(names);
    return *this;
  }
  FieldBuilder& required() {
    field_.required = true;
    return *this;
  }
  FieldBuilder& made_by(std::string command) {
    field_.made_by = std::move(command);
    return *this;
  }
  FieldBuilder& file() {
    field_.path_kind = PathKind::file;
    return *this;
  }
  /// A file, or one of these words.
  FieldBuilder& file_or(std::vector<std::string> words) {
    field_.words = std::move(words);
    return file();
  }
  FieldBuilder& folder() {
    field_.path_kind = PathKind::folder;
    return *this;
  }
  FieldBuilder& default_median(double median) {
    field_.default_median = median;
    return *this;
  }
  /// Idle while the sibling `key` is set (a number above 0, a list that is not empty).
  FieldBuilder& replaced_by(std::string key) {
    field_.replaced_by = std::move(key);
    return *this;
  }
  FieldBuilder& only_where(Condition condition) {
    field_.condition = std::move(condition);
    return *this;
  }
  /// Idle unless `holds`, a predicate on the struct `Owner` that has the field.
  template <typename Owner>
  FieldBuilder& only_if(std::string text, bool (*holds)(const Owner&)) {
    field_.condition = Condition{std::move(text), [holds](const void* owner, const auto&) {
                                   return holds(*static_cast<const Owner*>(owner));
                                 }};
    return *this;
  }
  /// The same, on the whole run.
  FieldBuilder& only_if_run(std::string text, bool (*holds)(const actors::FederationConfig&)) {
    field_.condition =
        Condition{std::move(text), [holds](const void*, const auto& run) { return holds(run); }};
    return *this;
  }

 private:
  FieldBuilder& bounds(double low, bool open) {
    field_.limits.low = low;
    field_.limits.low_open = open;
    return *this;
  }

  Field& field_;
};

/// A Table that describes `Owner`. `get` is a pointer to a member, or a function that gives a
/// reference.
template <typename Owner>
class TableOf {
 public:
  TableOf() : table_(std::make_shared<const Owner>()) {}

  template <typename Get>
  FieldBuilder field(std::string key, Get get, std::string doc) {
    return add(std::move(key), std::move(doc), std::nullopt, [get](void* owner) -> Member {
      return &std::invoke(get, *static_cast<Owner*>(owner));
    });
  }

  /// A table inside this one.
  template <typename Get>
  FieldBuilder table(std::string key, Get get, std::string doc, Table inner) {
    return add(std::move(key), std::move(doc), std::move(inner), [get](void* owner) -> Member {
      return TableMember{&std::invoke(get, *static_cast<Owner*>(owner))};
    });
  }

  /// An array of tables; the member is a std::vector of structs.
  template <typename Get>
  FieldBuilder list(std::string key, Get get, std::string doc, Table element) {
    return add(std::move(key), std::move(doc), std::move(element), [get](void* owner) -> Member {
      auto& list = std::invoke(get, *static_cast<Owner*>(owner));
      using List = std::remove_reference_t<decltype(list)>;
      return ListMember{
          &list, [](const void* l) { return static_cast<const List*>(l)->size(); },
          [](void* l, std::size_t i) -> void* { return &(*static_cast<List*>(l))[i]; },
          [](void* l, std::size_t n) { static_cast<List*>(l)->resize(n); }};
    });
  }

  operator Table() && { return std::move(table_); }

 private:
  FieldBuilder add(std::string key, std::string doc, std::optional<Table> inner,
                   std::function<Member(void*)> bind) {
    Field field;
    field.key = std::move(key);
    field.doc = std::move(doc);
    if (inner) field.table = std::make_shared<const Table>(std::move(*inner));
    field.bind = std::move(bind);
    field.type = type_name(field.in(table_.defaults()));
    return FieldBuilder(table_.append(std::move(field)));
  }

  Table table_;
};

}  // namespace lorafleet::scenarios
