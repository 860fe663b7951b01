#include "model/text/pipeline/normalizers/normalizers.hpp"
#include "model/text/pipeline/pattern.hpp"

namespace lorafleet::model {

namespace {

class ReplaceNormalizer final : public Normalizer {
 public:
  explicit ReplaceNormalizer(const Setting& setting)
      : pattern_(setting.at("pattern")), content_(setting.at("content").text()) {}

  void apply(AlignedText& text) const override {
    const Piece piece = text.piece(true);
    TextWriter writer(piece);
    std::size_t kept = 0;
    for_each_match(pattern_, piece.text, [&](const TextSpan& match) {
      writer.keep(kept, match.begin);
      writer.put(content_, match.begin, match.end);
      kept = match.end;
    });
    writer.keep(kept, piece.text.size());
    text = writer.take();
  }

 private:
  Pattern pattern_;
  std::string content_;
};

}  // namespace

NormalizerPtr make_replace(const Setting& setting) {
  return std::make_unique<const ReplaceNormalizer>(setting);
}

}  // namespace lorafleet::model
