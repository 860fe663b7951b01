#pragma once

#include "model/text/pipeline/aligned_text.hpp"

namespace lorafleet::model {

/// Makes of different spellings the same text. Immutable, so thread-safe.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(AlignedText& text) const = 0;
};

}  // namespace lorafleet::model
