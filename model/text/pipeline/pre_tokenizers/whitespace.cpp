#include "model/text/pipeline/characters.hpp"
#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

/// Runs of letters and the like, and runs of what is neither these nor white space: the regular
/// expression \w+|[^\w\s]+.
class Whitespace final : public PreTokenizer {
 public:
  void split(const Piece& piece, const PieceSink& sink) const override {
    std::size_t begin = 0;
    Kind kind = Kind::space;
    const auto give = [&](std::size_t end) {
      if (kind != Kind::space && begin < end) sink(piece.part(begin, end));
      begin = end;
    };
    for (std::string_view rest = piece.text; !rest.empty();) {
      const std::size_t at = piece.text.size() - rest.size();
      const Kind next = kind_of(take_code_point(rest));
      if (next != kind) give(at);
      kind = next;
    }
    give(piece.text.size());
  }

  [[nodiscard]] bool keeps_text() const override { return false; }

 private:
  enum class Kind { space, word, other };

  static Kind kind_of(char32_t character) {
    if (is_space(character)) return Kind::space;
    return is_word(character) ? Kind::word : Kind::other;
  }
};

}  // namespace

PreTokenizerPtr make_whitespace(const Setting& /*setting*/) {
  return std::make_unique<const Whitespace>();
}

}  // namespace lorafleet::model
