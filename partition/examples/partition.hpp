#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "partition/support/indices.hpp"

namespace lorafleet::partition {

/// How one label skew cut the training examples into bins.
struct Bins {
  std::string by;             ///< context_length, quality, attribute, group
  std::string measure;        ///< what was measured: tokens, coverage, category, group
  std::vector<double> edges;  ///< inner edges, ascending; bin b holds edges[b-1] <= x < edges[b]
  std::vector<std::string> names;     ///< one for each bin
  std::vector<std::uint32_t> bin_of;  ///< bin of each training example, in the order of `training`
  std::size_t lacking = 0;  ///< attribute: examples without it; where there are, the last bin's
};

/// "attribute (category)", or "group" where kind and measure are the same.
std::string skew_name(const std::string& by, const std::string& measure);

/// How a partition was drawn that was loaded from a manifest.
struct Provenance {
  std::uint64_t seed = 0;
  std::string settings;  ///< JSON, as the manifest has them
};

/// Who owns which training example.
struct Partition {
  /// Indices into the examples, ascending, one list for each client. Disjoint; together they are
  /// the training examples.
  std::vector<Indices> clients;
  std::vector<std::string> names;        ///< of the clients' owners (natural), else empty
  Indices training;                      ///< the examples that were spread, ascending
  std::vector<Bins> bins;                ///< one for each skew that cuts the examples into bins
  std::vector<std::string> notes;        ///< what a user should know about this partition
  std::optional<Provenance> provenance;  ///< only of loaded ones
};

}  // namespace lorafleet::partition
