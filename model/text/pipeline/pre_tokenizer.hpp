#pragma once

#include "model/text/pipeline/cutting.hpp"

namespace lorafleet::model {

/// Cuts text into the words that tokens never cross. Immutable, so thread-safe.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  /// Calls `sink` for each word of `piece`, in order; none of them is empty.
  virtual void split(const Piece& piece, const PieceSink& sink) const = 0;
  /// Whether the words together are the text.
  [[nodiscard]] virtual bool keeps_text() const { return true; }
};

}  // namespace lorafleet::model
