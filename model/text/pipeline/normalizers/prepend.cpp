#include "model/text/pipeline/normalizers/normalizers.hpp"

namespace lorafleet::model {

namespace {

class Prepend final : public Normalizer {
 public:
  explicit Prepend(std::string front) : front_(std::move(front)) {}

  void apply(AlignedText& text) const override {
    if (text.empty()) return;
    const Piece piece = text.piece(true);
    TextWriter writer(piece);
    writer.put(front_, 0, 0);
    writer.keep(0, piece.text.size());
    text = writer.take();
  }

 private:
  std::string front_;
};

}  // namespace

NormalizerPtr make_prepend(const Setting& setting) {
  return std::make_unique<const Prepend>(setting.at("prepend").text());
}

}  // namespace lorafleet::model
