#pragma once

#include <functional>
#include <string>
#include <vector>

#include "actors/federation_config.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::actors {

struct Learning;

/// A kind of learning, [train] kind, and what is known of it without anything being loaded.
struct TrainKind {
  using Note = std::function<void(const std::string&)>;

  std::string name;
  std::vector<std::string> keys = {};
  /// Trains LoRA on a base model with real data; else what [surrogate] says.
  bool has_base = true;
  /// Reads what a run needs and checks that it fits together, without attackers and compression;
  /// `train` false: sizes only. Throws InputError.
  Learning (*make)(const FederationConfig& config, bool train, const Note& log,
                   const Note& warning) = nullptr;
};

const Registry<TrainKind>& train_kinds();

inline bool has_base(const FederationConfig& config) {
  return train_kinds().at(config.train.kind).has_base;
}

}  // namespace lorafleet::actors
