#pragma once

#include <concepts>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "actors/sim/fields.hpp"

namespace lorafleet::actors {

/// JSON has no NaN and no infinities: they become "nan", "inf" and "-inf".
nlohmann::json real_to_json(double value);
double real_from_json(const nlohmann::json& json);

/// Where large arrays stand beside the JSON, a `Store` keeps them: `store.put(array)` gives what
/// refers to it, `store.get(reference, array)` reads it back.
struct NoStore {};

/// A value as JSON: structs as objects of their fields (see sim/fields.hpp), ids, times and enums
/// as numbers, lists, maps and pairs as arrays, nothing as null.
template <typename T, typename Store>
nlohmann::json json_of(const T& value, Store& store) {
  using Json = nlohmann::json;
  if constexpr (requires { store.put(value); }) {
    return store.put(value);
  } else if constexpr (std::same_as<T, double>) {
    return real_to_json(value);
  } else if constexpr (std::same_as<T, bool> || std::same_as<T, std::string>) {
    return Json(value);
  } else if constexpr (std::unsigned_integral<T>) {
    return Json(std::uint64_t{value});
  } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
    return Json(static_cast<std::int64_t>(value));
  } else if constexpr (sim::Id<T> || sim::Time<T>) {
    return json_of(sim::number_in(value), store);
  } else if constexpr (requires { value.has_value(); }) {
    return value ? json_of(*value, store) : Json();
  } else if constexpr (requires { value.first; }) {
    Json pair = Json::array();
    pair.push_back(json_of(value.first, store));
    pair.push_back(json_of(value.second, store));
    return pair;
  } else if constexpr (requires { value.begin(); }) {
    Json list = Json::array();
    for (const auto& element : value)
      list.push_back(json_of(element, store));
    return list;
  } else {
    Json object = Json::object();
    T::fields(value,
              [&](const char* name, const auto& field) { object[name] = json_of(field, store); });
    return object;
  }
}

/// Reads it back into a value that was default-constructed. Throws nlohmann::json's exceptions for
/// what is missing or of another type.
template <typename T, typename Store>
void read_json(const nlohmann::json& json, T& value, const Store& store) {
  if constexpr (requires { store.get(json, value); }) {
    store.get(json, value);
  } else if constexpr (std::same_as<T, double>) {
    value = real_from_json(json);
  } else if constexpr (std::integral<T> || std::same_as<T, std::string>) {
    value = json.get<T>();
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(json.get<std::int64_t>());
  } else if constexpr (sim::Id<T> || sim::Time<T>) {
    read_json(json, sim::number_in(value), store);
  } else if constexpr (requires { value.has_value(); }) {
    if (!json.is_null()) read_json(json, value.emplace(), store);
  } else if constexpr (requires { value.first; }) {
    read_json(json.at(0), value.first, store);
    read_json(json.at(1), value.second, store);
  } else if constexpr (requires { typename T::mapped_type; }) {
    for (const auto& entry : json) {
      typename T::key_type key{};
      read_json(entry.at(0), key, store);
      read_json(entry.at(1), value[key], store);
    }
  } else if constexpr (requires { value.emplace_back(); }) {
    for (const auto& element : json)
      read_json(element, value.emplace_back(), store);
  } else {
    T::fields(value,
              [&](const char* name, auto& field) { read_json(json.at(name), field, store); });
  }
}

}  // namespace lorafleet::actors
