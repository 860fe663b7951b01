#pragma once

#include <string>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/example.hpp"
#include "partition/examples/measures.hpp"
#include "partition/examples/partition.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::partition {

/// What a skew may look at.
struct SkewInput {
  const std::vector<Example>& examples;
  const Indices& training;
  const SkewConfig& config;
  const CountFn& tokens;
};

/// One value of [[partition.skew]] by. At most one of the three functions is set; without any, the
/// skew changes nothing (iid). A new kind is a file with its function and a line in skews.cpp.
struct SkewKind {
  std::string name;
  bool stands_alone = false;  ///< cannot be combined with other skews
  bool quantiles = false;     ///< cuts a measure, at `bins` quantiles or at `edges`
  /// The key that says what is measured, and its name; null: there is nothing to say.
  std::string SkewConfig::*measure = nullptr;
  const char* measure_key = nullptr;
  /// Label skew: puts each training example into a bin.
  Bins (*cut)(const SkewInput& input) = nullptr;
  /// Draws the relative sizes of the clients.
  std::vector<double> (*sizes)(const SkewConfig& config, std::size_t clients,
                               Random random) = nullptr;
  /// Makes the whole partition by itself; `training` is set.
  void (*assign)(const SkewInput& input, const PartitionConfig& config,
                 Partition& partition) = nullptr;

  /// Whether it draws from Dir(alpha).
  [[nodiscard]] bool draws() const { return cut != nullptr || sizes != nullptr; }
};

const std::vector<SkewKind>& skew_kinds();
/// The names that [[partition.skew]] by may have.
std::vector<std::string> known_skews();

/// Throws InputError that lists the known kinds.
const SkewKind& find_skew(const std::string& name);

Bins cut_by_context_length(const SkewInput& input);
Bins cut_by_quality(const SkewInput& input);
Bins cut_by_attribute(const SkewInput& input);
Bins cut_by_group(const SkewInput& input);
std::vector<double> draw_quantity(const SkewConfig& config, std::size_t clients, Random random);
void assign_naturally(const SkewInput& input, const PartitionConfig& config, Partition& partition);

}  // namespace lorafleet::partition
