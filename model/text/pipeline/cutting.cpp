#include "model/text/pipeline/cutting.hpp"

#include <utility>

#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

/// Takes the segments, matches and what lies between, as they come, and gives out pieces.
class Cutter {
 public:
  Cutter(const Piece& piece, CutBehavior behavior, const PieceSink& sink)
      : piece_(piece), behavior_(behavior), sink_(sink) {}

  void add(TextSpan segment, bool is_match) {
    if (segment.begin == segment.end) return;
    if (is_match && behavior_ == CutBehavior::removed) {
      flush();
      return;
    }
    if (joins(is_match)) {
      held_.end = segment.end;
    } else {
      flush();
      held_ = segment;
    }
    after_match_ = is_match;
  }

  void flush() {
    if (holds()) sink_(piece_.part(held_.begin, held_.end));
    held_ = {0, 0};
  }

 private:
  [[nodiscard]] bool holds() const { return held_.begin < held_.end; }

  [[nodiscard]] bool joins(bool is_match) const {
    if (!holds()) return false;
    switch (behavior_) {
      case CutBehavior::merged_with_previous:
        return is_match && !after_match_;
      case CutBehavior::merged_with_next:
        return !is_match && after_match_;
      case CutBehavior::contiguous:
        return is_match == after_match_;
      default:
        return false;
    }
  }

  const Piece& piece_;
  CutBehavior behavior_;
  const PieceSink& sink_;
  TextSpan held_ = {0, 0};  ///< not given out yet
  bool after_match_ = false;
};

}  // namespace

CutBehavior cut_behavior(const Setting& behavior, std::optional<CutBehavior> fallback) {
  constexpr std::pair<const char*, CutBehavior> kKnown[] = {
      {"Isolated", CutBehavior::isolated},
      {"Removed", CutBehavior::removed},
      {"MergedWithPrevious", CutBehavior::merged_with_previous},
      {"MergedWithNext", CutBehavior::merged_with_next},
      {"Contiguous", CutBehavior::contiguous}};
  if (behavior.is_null() && fallback) return *fallback;
  for (const auto& [name, value] : kKnown) {
    if (behavior.name() == name) return value;
  }
  behavior.refuse(behavior.shown() +
                  " is not supported; allowed: Isolated, Removed, MergedWithPrevious, "
                  "MergedWithNext, Contiguous");
}

void cut(const Piece& piece, const NextMatch& next, CutBehavior behavior, bool invert,
         const PieceSink& sink) {
  Cutter cutter(piece, behavior, sink);
  const std::string_view text = piece.text;
  std::size_t done = 0;
  for (std::size_t from = 0; from < text.size();) {
    const auto match = next(from);
    if (!match) break;
    from = match->end;
    if (match->begin == match->end) {  // a place, at which the text is cut
      from += decode_utf8(text, from).value_or(CodePoint{0, 1}).size;
      if (match->begin == done) continue;
      cutter.add({done, match->begin}, invert);
      cutter.flush();
    } else {
      cutter.add({done, match->begin}, invert);
      cutter.add(*match, !invert);
    }
    done = match->end;
  }
  cutter.add({done, text.size()}, invert);
  cutter.flush();
}

std::optional<TextSpan> next_character(std::string_view text, std::size_t from,
                                       bool (*wanted)(char32_t)) {
  std::string_view rest = text.substr(from);
  while (!rest.empty()) {
    const std::size_t begin = text.size() - rest.size();
    if (wanted(take_code_point(rest))) return TextSpan{begin, text.size() - rest.size()};
  }
  return std::nullopt;
}

}  // namespace lorafleet::model
