#include "model/text/pipeline/characters.hpp"
#include "model/text/pipeline/normalizers/normalizers.hpp"

namespace lorafleet::model {

namespace {

/// White space off the ends.
class StripNormalizer final : public Normalizer {
 public:
  StripNormalizer(bool left, bool right) : left_(left), right_(right) {}

  void apply(AlignedText& text) const override {
    const std::size_t end = text.view().size() - (right_ ? spaces_at_end(text.view()) : 0);
    const std::size_t begin = left_ ? spaces_at_begin(text.view().substr(0, end)) : 0;
    if (begin == 0 && end == text.view().size()) return;
    const Piece piece = text.piece(true);
    TextWriter writer(piece);
    writer.keep(begin, end);
    text = writer.take();
  }

 private:
  bool left_;
  bool right_;
};

}  // namespace

NormalizerPtr make_strip(const Setting& setting) {
  return std::make_unique<const StripNormalizer>(setting.at("strip_left").flag_or(true),
                                                 setting.at("strip_right").flag_or(true));
}

}  // namespace lorafleet::model
