#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "actors/net/wire.hpp"
#include "actors/sim/fields.hpp"

namespace lorafleet::actors::net {

template <typename T>
concept OneByte = std::same_as<T, bool> || std::is_enum_v<T>;

/// Structs as their fields (see sim/fields.hpp) one after the other, ids and times as numbers,
/// flags and enums as one byte, lists after their length, what a pointer points to after a flag.
template <typename T>
void write_fields(WireWriter& writer, const T& value) {
  if constexpr (std::same_as<T, double>) {
    writer.real(value);
  } else if constexpr (std::same_as<T, std::string>) {
    writer.text(value);
  } else if constexpr (std::same_as<T, std::vector<float>>) {
    writer.floats(value);
  } else if constexpr (OneByte<T>) {
    writer.number(static_cast<std::uint8_t>(value));
  } else if constexpr (std::integral<T>) {
    writer.number(value);
  } else if constexpr (sim::Id<T> || sim::Time<T>) {
    writer.number(sim::number_in(value));
  } else if constexpr (requires { value.get(); }) {
    write_fields(writer, value != nullptr);
    if (value) write_fields(writer, *value);
  } else if constexpr (requires { value.first; }) {
    write_fields(writer, value.first);
    write_fields(writer, value.second);
  } else if constexpr (requires { value.begin(); }) {
    writer.template number<std::uint64_t>(value.size());
    for (const auto& element : value)
      write_fields(writer, element);
  } else {
    T::fields(value, [&](const char*, const auto& field) { write_fields(writer, field); });
  }
}

/// The bytes that a value takes at least: an announced length is held against them.
template <typename T>
std::size_t least_bytes() {
  if constexpr (OneByte<T> || requires { std::declval<T>().get(); }) {
    return 1;
  } else if constexpr (std::integral<T> || std::same_as<T, double> || sim::Id<T> || sim::Time<T>) {
    return sizeof(T);
  } else if constexpr (requires { typename T::first_type; }) {
    return least_bytes<std::remove_const_t<typename T::first_type>>() +
           least_bytes<typename T::second_type>();
  } else if constexpr (requires { std::declval<T>().begin(); }) {
    return sizeof(std::uint64_t);
  } else {
    std::size_t sum = 0;
    const T probe{};
    T::fields(probe,
              [&]<typename Field>(const char*, const Field&) { sum += least_bytes<Field>(); });
    return sum;
  }
}

/// Reads it back into a value that was default-constructed. Throws ProtocolError for what is cut
/// off; the meaning of numbers and enums is the caller's to check.
template <typename T>
void read_fields(WireReader& reader, T& value) {
  if constexpr (std::same_as<T, double>) {
    value = reader.real();
  } else if constexpr (std::same_as<T, std::string>) {
    value = reader.text();
  } else if constexpr (std::same_as<T, std::vector<float>>) {
    value = reader.floats();
  } else if constexpr (std::same_as<T, bool>) {
    value = reader.template number<std::uint8_t>() != 0;
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(reader.template number<std::uint8_t>());
  } else if constexpr (std::integral<T>) {
    value = reader.template number<T>();
  } else if constexpr (sim::Id<T> || sim::Time<T>) {
    read_fields(reader, sim::number_in(value));
  } else if constexpr (requires { value.get(); }) {
    bool there = false;
    read_fields(reader, there);
    if (!there) return;
    auto read = std::make_shared<std::remove_const_t<typename T::element_type>>();
    read_fields(reader, *read);
    value = std::move(read);
  } else if constexpr (requires { value.first; }) {
    read_fields(reader, value.first);
    read_fields(reader, value.second);
  } else if constexpr (requires { value.resize(0); }) {
    value.resize(reader.count(least_bytes<typename T::value_type>()));
    for (auto& element : value)
      read_fields(reader, element);
  } else {
    T::fields(value, [&](const char*, auto& field) { read_fields(reader, field); });
  }
}

}  // namespace lorafleet::actors::net
