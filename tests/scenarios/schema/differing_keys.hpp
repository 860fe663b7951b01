#pragma once

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "scenarios/schema/schema.hpp"

namespace lorafleet::tests {

inline bool equal(const scenarios::Field& field, const scenarios::Member& a,
                  const scenarios::Member& b);

inline bool equal_tables(const scenarios::Table& table, const void* a, const void* b) {
  for (const auto& field : table.fields()) {
    if (!equal(field, field.in(a), field.in(b))) return false;
  }
  return true;
}

/// Whether two bindings of one field hold equal values (tables and lists in depth).
inline bool equal(const scenarios::Field& field, const scenarios::Member& a,
                  const scenarios::Member& b) {
  return std::visit(
      [&](const auto& left) {
        using Kind = std::decay_t<decltype(left)>;
        const auto& right = std::get<Kind>(b);
        if constexpr (std::is_same_v<Kind, scenarios::TableMember>) {
          return equal_tables(*field.table, left.object, right.object);
        } else if constexpr (std::is_same_v<Kind, scenarios::ListMember>) {
          const std::size_t size = left.size(left.list);
          bool same = size == right.size(right.list);
          for (std::size_t i = 0; same && i < size; ++i)
            same = equal_tables(*field.table, left.at(left.list, i), right.at(right.list, i));
          return same;
        } else {
          return *left == *right;
        }
      },
      a);
}

inline void collect_differences(const scenarios::Table& table, const void* a, const void* b,
                                const std::string& path, std::vector<std::string>& keys) {
  for (const auto& field : table.fields()) {
    const std::string key = path.empty() ? field.key : path + "." + field.key;
    const auto left = field.in(a);
    const auto right = field.in(b);
    if (const auto* inner = std::get_if<scenarios::TableMember>(&left)) {
      const void* other = std::get<scenarios::TableMember>(right).object;
      collect_differences(*field.table, inner->object, other, key, keys);
    } else if (!equal(field, left, right)) {
      keys.push_back(key);
    }
  }
}

/// The dotted keys whose values differ.
inline std::vector<std::string> differing_keys(const scenarios::Scenario& a,
                                               const scenarios::Scenario& b) {
  std::vector<std::string> keys;
  collect_differences(scenarios::schema(), &a, &b, "", keys);
  return keys;
}

}  // namespace lorafleet::tests
