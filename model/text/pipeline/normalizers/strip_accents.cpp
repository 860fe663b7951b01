#include "model/text/pipeline/characters.hpp"
#include "model/text/pipeline/cutting.hpp"
#include "model/text/pipeline/normalizers/normalizers.hpp"

namespace lorafleet::model {

namespace {

/// Marks of all kinds are left out.
class StripAccents final : public Normalizer {
 public:
  void apply(AlignedText& text) const override {
    const Piece piece = text.piece(true);
    std::size_t kept = first_beyond_ascii(piece.text);
    auto mark = next_character(piece.text, kept, is_mark);
    if (!mark) return;
    TextWriter writer(piece);
    for (kept = 0; mark; mark = next_character(piece.text, kept, is_mark)) {
      writer.keep(kept, mark->begin);
      kept = mark->end;
    }
    writer.keep(kept, piece.text.size());
    text = writer.take();
  }
};

}  // namespace

NormalizerPtr make_strip_accents(const Setting& /*setting*/) {
  return std::make_unique<const StripAccents>();
}

}  // namespace lorafleet::model
