#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "model/text/pipeline/aligned_text.hpp"
#include "model/text/pipeline/setting.hpp"

namespace lorafleet::model {

/// What becomes of the matches where text is cut at them ("the-final--countdown", at "-"):
enum class CutBehavior {
  isolated,              ///< the - final - - countdown
  removed,               ///< the final countdown
  merged_with_previous,  ///< the- final- - countdown
  merged_with_next,      ///< the -final - -countdown
  contiguous,            ///< the - final -- countdown
};

/// Of a part's `behavior`; `fallback` where it has none.
CutBehavior cut_behavior(const Setting& behavior, std::optional<CutBehavior> fallback);

using PieceSink = std::function<void(const Piece&)>;
/// The next match from a byte on.
using NextMatch = std::function<std::optional<TextSpan>(std::size_t)>;

/// Cuts `piece` at the matches; where `invert`, at what lies between them. A match of no length is
/// a cut, unless another match has just ended there.
void cut(const Piece& piece, const NextMatch& next, CutBehavior behavior, bool invert,
         const PieceSink& sink);

/// A match is each character that is `wanted`.
std::optional<TextSpan> next_character(std::string_view text, std::size_t from,
                                       bool (*wanted)(char32_t));

}  // namespace lorafleet::model
