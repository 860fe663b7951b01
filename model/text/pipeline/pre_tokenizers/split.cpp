#include "model/text/pipeline/pattern.hpp"
#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"

namespace lorafleet::model {

namespace {

class Split final : public PreTokenizer {
 public:
  explicit Split(const Setting& setting)
      : pattern_(setting.at("pattern")),
        behavior_(cut_behavior(setting.at("behavior"), std::nullopt)),
        invert_(setting.at("invert").flag_or(false)) {}

  void split(const Piece& piece, const PieceSink& sink) const override {
    cut(
        piece, [&](std::size_t from) { return pattern_.find(piece.text, from); }, behavior_,
        invert_, sink);
  }

  [[nodiscard]] bool keeps_text() const override { return behavior_ != CutBehavior::removed; }

 private:
  Pattern pattern_;
  CutBehavior behavior_;
  bool invert_;
};

}  // namespace

PreTokenizerPtr make_split(const Setting& setting) {
  return std::make_unique<const Split>(setting);
}

}  // namespace lorafleet::model
