#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/sim/config.hpp"
#include "actors/sim/ids.hpp"
#include "actors/sim/time/timeline.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::sim {

/// A stretch of time that hardly any of a client's stays online is longer than.
struct LongestStay {
  double seconds = 0.0;
  std::string what;  ///< for people: "the daily window"
};

/// A model of [availability], and what is known of it without making it.
struct AvailabilityModel {
  std::string name;
  std::vector<std::string> keys = {};  ///< without "availability."
  /// Whether a client takes the invitation number `seq`: pure. Null where all do.
  bool (*answers)(const AvailabilityConfig&, std::uint64_t run_seed, ClientId client,
                  Sequence seq) = nullptr;
  /// Nothing where stays can be of any length.
  std::optional<LongestStay> (*longest_stay)(const AvailabilityConfig&) =
      [](const AvailabilityConfig&) -> std::optional<LongestStay> { return std::nullopt; };
  /// When each client is there; nullptr: always. Throws InputError for values out of range and
  /// files that cannot be read.
  std::unique_ptr<const Timeline> (*make)(const AvailabilityConfig&, std::size_t clients,
                                          std::uint64_t run_seed) = nullptr;
};

/// [availability] model; what each does stands in its file.
const Registry<AvailabilityModel>& availability_models();

/// Throws InputError for the key `availability.<key>` where `holds` is false.
void require_availability(bool holds, const char* key, const char* allowed);

}  // namespace lorafleet::sim
