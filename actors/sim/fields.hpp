#pragma once

#include <concepts>
#include <type_traits>

#include "actors/sim/ids.hpp"
#include "actors/sim/time/virtual_time.hpp"

/// A struct that is written somewhere names its fields once, in the order in which they are
/// written:
///
///     template <typename Self, typename Visitor>
///     static void fields(Self& self, Visitor&& visit) {
///       visit("jobs", self.jobs);
///     }
///
/// `Self` is const where it is written and not where it is read. Visitors turn that into JSON
/// (output/json_fields.hpp), into what hosts exchange (net/wire_fields.hpp), into summary.json and
/// the lines of events.jsonl. Here is what they need to look into ids and times.
namespace lorafleet::sim {

template <typename T>
concept Id = std::same_as<std::remove_const_t<T>, ClientId> ||
    std::same_as<std::remove_const_t<T>, Version> || std::same_as<std::remove_const_t<T>, Sequence>;

template <typename T>
concept Time = std::same_as<std::remove_const_t<T>, VirtualTime> ||
    std::same_as<std::remove_const_t<T>, VirtualDuration>;

/// The number that an id or a time holds.
template <Id T>
auto& number_in(T& id) {
  return id.value;
}
template <Time T>
auto& number_in(T& time) {
  return time.microseconds;
}

}  // namespace lorafleet::sim
