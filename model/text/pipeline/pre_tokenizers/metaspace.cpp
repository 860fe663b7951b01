#include "model/text/pipeline/metaspace.hpp"

#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"

namespace lorafleet::model {

namespace {

class MetaspaceSplit final : public PreTokenizer {
 public:
  explicit MetaspaceSplit(const Setting& setting) : metaspace_(setting) {}

  void split(const Piece& piece, const PieceSink& sink) const override {
    const std::string& mark = metaspace_.replacement;
    TextWriter writer(piece);
    if (prepends(piece)) writer.put(mark, 0, 0);
    std::size_t done = 0;
    for (std::size_t at = piece.text.find(' '); at != piece.text.npos;
         at = piece.text.find(' ', done)) {
      writer.keep(done, at);
      writer.put(mark, at, at + 1);
      done = at + 1;
    }
    writer.keep(done, piece.text.size());
    const AlignedText text = writer.take();
    const Piece marked = text.piece(piece.first);
    if (!metaspace_.split) {
      sink(marked);
      return;
    }
    std::size_t begin = 0;  // words begin with their mark
    for (std::size_t at = marked.text.find(mark); at != marked.text.npos;
         at = marked.text.find(mark, at + mark.size())) {
      if (at > begin) sink(marked.part(begin, at));
      begin = at;
    }
    sink(marked.part(begin, marked.text.size()));
  }

  [[nodiscard]] bool keeps_text() const override { return false; }

 private:
  [[nodiscard]] bool prepends(const Piece& piece) const {
    using enum Metaspace::Prepend;
    if (piece.text.starts_with(' ') || piece.text.starts_with(metaspace_.replacement)) return false;
    return metaspace_.prepend == always || (metaspace_.prepend == first && piece.first);
  }

  Metaspace metaspace_;
};

}  // namespace

PreTokenizerPtr make_metaspace(const Setting& setting) {
  return std::make_unique<const MetaspaceSplit>(setting);
}

}  // namespace lorafleet::model
