#include "model/text/pipeline/byte_alphabet.hpp"
#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"
#include "model/text/pipeline/regex.hpp"

namespace lorafleet::model {

namespace {

/// GPT-2's.
constexpr const char* kPattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

class ByteLevelSplit final : public PreTokenizer {
 public:
  ByteLevelSplit(const Setting& setting, bool writes_alphabet)
      : adds_space_(setting.at("add_prefix_space").flag_or(true)),
        writes_alphabet_(writes_alphabet) {
    if (setting.at("use_regex").flag_or(true)) {
      regex_ = std::make_unique<const Regex>(kPattern, setting.place());
    }
  }

  void split(const Piece& piece, const PieceSink& sink) const override {
    if (!adds_space_ || piece.text.starts_with(' ')) {
      split_words(piece, sink);
      return;
    }
    TextWriter writer(piece);
    writer.put(" ", 0, 0);
    writer.keep(0, piece.text.size());
    const AlignedText text = writer.take();
    split_words(text.piece(piece.first), sink);
  }

  [[nodiscard]] bool keeps_text() const override { return !adds_space_ && !writes_alphabet_; }

 private:
  void split_words(const Piece& piece, const PieceSink& sink) const {
    if (!regex_) {
      give(piece, sink);
      return;
    }
    // The pattern matches everywhere: nothing stands between two words.
    for (std::size_t from = 0; from < piece.text.size();) {
      const auto word = regex_->find(piece.text, from);
      const std::size_t end = word ? word->end : piece.text.size();
      give(piece.part(from, end), sink);
      from = end;
    }
  }

  void give(const Piece& word, const PieceSink& sink) const {
    if (!writes_alphabet_) {
      sink(word);
      return;
    }
    TextWriter writer(word);
    for (std::size_t i = 0; i < word.text.size(); ++i)
      writer.put(alphabet_from_bytes(word.text.substr(i, 1)), i, i + 1);
    const AlignedText text = writer.take();
    sink(text.piece(word.first));
  }

  bool adds_space_;
  bool writes_alphabet_;
  std::unique_ptr<const Regex> regex_;
};

}  // namespace

PreTokenizerPtr make_byte_level(const Setting& setting) {
  return std::make_unique<const ByteLevelSplit>(setting, false);
}

PreTokenizerPtr make_byte_level_alphabet(const Setting& setting) {
  return std::make_unique<const ByteLevelSplit>(setting, true);
}

}  // namespace lorafleet::model
