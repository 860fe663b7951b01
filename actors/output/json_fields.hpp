#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "actors/sim/fields.hpp"

namespace lorafleet::actors {

/// What JSON is made of, compiled once: inlined into every field it takes the compiler long. There
/// are no NaN and no infinities: they become "nan", "inf" and "-inf".
struct JsonParts {
  using Json = nlohmann::json;

  static Json of(bool value);
  static Json of(std::int64_t value);
  static Json of(std::uint64_t value);
  static Json of(double value);
  static Json of(const std::string& value);
  static Json list();
  static void append(Json& list, Json element);
  static void set(Json& object, const char* name, Json member);

  // These throw nlohmann::json's exceptions for what is missing or of another type.
  static void read(const Json& json, bool& value);
  static void read(const Json& json, std::int64_t& value);
  static void read(const Json& json, std::uint64_t& value);
  static void read(const Json& json, double& value);
  static void read(const Json& json, std::string& value);
  static const std::vector<Json>& elements(const Json& list);
  static const Json& element(const Json& list, std::size_t place);
  static const Json& member(const Json& object, const char* name);
};

/// Where large arrays stand beside the JSON, a `Store` keeps them: `store.put(array)` gives what
/// refers to it, `store.get(reference, array)` reads it back.
struct NoStore {};

template <typename T>
concept JsonPart = std::same_as<T, bool> || std::same_as<T, std::int64_t> ||
    std::same_as<T, std::uint64_t> || std::same_as<T, double> || std::same_as<T, std::string>;

/// A value as JSON: structs as objects of their fields (see sim/fields.hpp), ids, times and enums
/// as numbers, lists, maps and pairs as arrays, nothing as null.
template <typename T, typename Store>
nlohmann::json json_of(const T& value, Store& store) {
  if constexpr (requires { store.put(value); }) {
    return store.put(value);
  } else if constexpr (JsonPart<T>) {
    return JsonParts::of(value);
  } else if constexpr (std::unsigned_integral<T>) {
    return JsonParts::of(std::uint64_t{value});
  } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
    return JsonParts::of(static_cast<std::int64_t>(value));
  } else if constexpr (sim::Id<T> || sim::Time<T>) {
    return json_of(sim::number_in(value), store);
  } else if constexpr (requires { value.has_value(); }) {
    if (!value) return nullptr;
    return json_of(*value, store);
  } else if constexpr (requires { value.first; }) {
    auto pair = JsonParts::list();
    JsonParts::append(pair, json_of(value.first, store));
    JsonParts::append(pair, json_of(value.second, store));
    return pair;
  } else if constexpr (requires { value.begin(); }) {
    auto list = JsonParts::list();
    for (const auto& element : value)
      JsonParts::append(list, json_of(element, store));
    return list;
  } else {
    nlohmann::json object;
    T::fields(value, [&](const char* name, const auto& field) {
      JsonParts::set(object, name, json_of(field, store));
    });
    return object;
  }
}

/// Reads it back into a value that was default-constructed. Throws nlohmann::json's exceptions for
/// what is missing or of another type.
template <typename T, typename Store>
void read_json(const nlohmann::json& json, T& value, const Store& store) {
  if constexpr (requires { store.get(json, value); }) {
    store.get(json, value);
  } else if constexpr (JsonPart<T>) {
    JsonParts::read(json, value);
  } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
    std::int64_t number = 0;
    JsonParts::read(json, number);
    value = static_cast<T>(number);
  } else if constexpr (sim::Id<T> || sim::Time<T>) {
    read_json(json, sim::number_in(value), store);
  } else if constexpr (requires { value.has_value(); }) {
    if (!json.is_null()) read_json(json, value.emplace(), store);
  } else if constexpr (requires { value.first; }) {
    read_json(JsonParts::element(json, 0), value.first, store);
    read_json(JsonParts::element(json, 1), value.second, store);
  } else if constexpr (requires { typename T::mapped_type; }) {
    for (const auto& entry : JsonParts::elements(json)) {
      typename T::key_type key{};
      read_json(JsonParts::element(entry, 0), key, store);
      read_json(JsonParts::element(entry, 1), value[key], store);
    }
  } else if constexpr (requires { value.emplace_back(); }) {
    for (const auto& element : JsonParts::elements(json))
      read_json(element, value.emplace_back(), store);
  } else {
    T::fields(value, [&](const char* name, auto& field) {
      read_json(JsonParts::member(json, name), field, store);
    });
  }
}

}  // namespace lorafleet::actors
