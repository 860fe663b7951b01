#pragma once

#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::actors {

/// A kind of learning, [train] kind, and what is known of it without anything being loaded.
/// actors/run/learning.cpp makes it.
struct TrainKind {
  std::string name;
  std::vector<std::string> keys = {};
  /// Trains LoRA on a base model with real data; else what [surrogate] says.
  bool has_base = true;
};

const Registry<TrainKind>& train_kinds();

inline bool has_base(const FederationConfig& config) {
  return train_kinds().at(config.train.kind).has_base;
}

}  // namespace lorafleet::actors
