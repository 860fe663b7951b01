#pragma once

#include <optional>
#include <string>

#include "model/config.hpp"
#include "model/text/encoded_sequence.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::model {

/// data.separator: whether what the tokenizer puts in front of a text stands between prompt and
/// target too.
inline const NamedValues<bool>& separators() {
  static const NamedValues<bool> kRegistry("data.separator", {{"none", false}, {"prefix", true}});
  return kRegistry;
}

/// data.truncation; without a value it is for the base to say.
inline const NamedValues<std::optional<Truncation>>& truncations() {
  static const NamedValues<std::optional<Truncation>> kRegistry(
      "data.truncation",
      {{std::string(EncodingConfig::kUsualTruncation), std::nullopt},
       {std::string(EncodingConfig::kCutContextLeft), Truncation::cut_context_left},
       {"cut_context_right", Truncation::cut_context_right},
       {"drop", Truncation::drop}});
  return kRegistry;
}

}  // namespace lorafleet::model
