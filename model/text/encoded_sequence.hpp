#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/text/encoded_data.hpp"

namespace lorafleet::model {

/// One example as tokens.
struct EncodedSequence {
  std::vector<std::int32_t> tokens;
  std::vector<LabelSpan> labels;   ///< what is scored: ascending, apart
  std::size_t context_tokens = 0;  ///< before cutting
  std::size_t tokens_cut = 0;
  std::optional<std::int32_t> label = {};  ///< of a classifier, in place of `labels`: the class
};

/// What becomes of an example that is too long.
enum class Truncation { cut_context_left, cut_context_right, drop };

}  // namespace lorafleet::model
