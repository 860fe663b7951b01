// Pre-tokenizers that cut at characters of a kind: Digits, Punctuation, WhitespaceSplit.

#include "model/text/pipeline/characters.hpp"
#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"

namespace lorafleet::model {

namespace {

class CharacterCuts final : public PreTokenizer {
 public:
  CharacterCuts(bool (*wanted)(char32_t), CutBehavior behavior)
      : wanted_(wanted), behavior_(behavior) {}

  void split(const Piece& piece, const PieceSink& sink) const override {
    cut(
        piece, [&](std::size_t from) { return next_character(piece.text, from, wanted_); },
        behavior_, false, sink);
  }

  [[nodiscard]] bool keeps_text() const override { return behavior_ != CutBehavior::removed; }

 private:
  bool (*wanted_)(char32_t);
  CutBehavior behavior_;
};

}  // namespace

PreTokenizerPtr make_digits(const Setting& setting) {
  const bool alone = setting.at("individual_digits").flag_or(false);
  return std::make_unique<const CharacterCuts>(
      is_numeric, alone ? CutBehavior::isolated : CutBehavior::contiguous);
}

PreTokenizerPtr make_punctuation(const Setting& setting) {
  return std::make_unique<const CharacterCuts>(
      is_punctuation, cut_behavior(setting.at("behavior"), CutBehavior::isolated));
}

PreTokenizerPtr make_whitespace_split(const Setting& /*setting*/) {
  return std::make_unique<const CharacterCuts>(is_space, CutBehavior::removed);
}

}  // namespace lorafleet::model
