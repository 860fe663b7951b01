#include <unicode/uchar.h>

#include "model/text/pipeline/normalizers/normalizers.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

/// Character by character: a capital sigma at a word's end is no special case.
class Lowercase final : public Normalizer {
 public:
  void apply(AlignedText& text) const override {
    const Piece piece = text.piece(true);
    TextWriter writer(piece);
    std::size_t kept = 0;
    std::string lower;
    for (std::string_view rest = piece.text; !rest.empty();) {
      const std::size_t begin = piece.text.size() - rest.size();
      const char32_t character = take_code_point(rest);
      if (!changes(character, lower)) continue;
      writer.keep(kept, begin);
      kept = piece.text.size() - rest.size();
      writer.put(lower, begin, kept);
    }
    if (kept == 0) return;
    writer.keep(kept, piece.text.size());
    text = writer.take();
  }

 private:
  static bool changes(char32_t character, std::string& lower) {
    constexpr char32_t kDottedCapitalI = 0x130;
    if (character < 0x80) {
      if (character < U'A' || character > U'Z') return false;
      lower.assign(1, static_cast<char>(character | 0x20u));
      return true;
    }
    if (character == kDottedCapitalI) {  // the only one that becomes two
      lower = "i\u0307";
      return true;
    }
    const auto small = static_cast<char32_t>(u_tolower(static_cast<UChar32>(character)));
    lower.clear();
    append_utf8(lower, small);
    return small != character;
  }
};

}  // namespace

NormalizerPtr make_lowercase(const Setting& /*setting*/) {
  return std::make_unique<const Lowercase>();
}

}  // namespace lorafleet::model
