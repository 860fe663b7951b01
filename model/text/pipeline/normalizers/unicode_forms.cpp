// NFC, NFD, NFKC and NFKD, by the characters of Unicode 12: tokenizers were trained with tables
// that know no later ones, so these stay as they are.

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uniset.h>

#include <cstdint>
#include <stdexcept>

#include "model/text/pipeline/characters.hpp"
#include "model/text/pipeline/normalizers/normalizers.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

void require(UErrorCode code) {
  if (U_FAILURE(code)) throw std::runtime_error(std::string("ICU: ") + u_errorName(code));
}

const icu::UnicodeSet& characters_of_unicode_12() {
  static const icu::UnicodeSet kSet = [] {
    UErrorCode code = U_ZERO_ERROR;
    icu::UnicodeSet made(UNICODE_STRING_SIMPLE("[:age=12.0:]"), code);
    require(code);
    made.freeze();
    return made;
  }();
  return kSet;
}

icu::StringPiece piece_of(std::string_view text) {
  return {text.data(), static_cast<std::int32_t>(text.size())};
}

/// ICU counts in 32 bits; longer stretches are cut where it cannot matter.
constexpr std::size_t kStretch = 1 << 20;

class UnicodeForm final : public Normalizer {
 public:
  explicit UnicodeForm(const icu::Normalizer2* form) : form_(*form, characters_of_unicode_12()) {}

  void apply(AlignedText& text) const override {
    const std::string_view bytes = text.view();
    std::size_t next = first_beyond_ascii(bytes);
    if (next == bytes.size()) return;
    const Piece piece = text.piece(true);
    TextWriter writer(piece);
    std::size_t done = 0;
    while (next < bytes.size()) {
      // A letter of ASCII may join what follows, and never what stands before it.
      const std::size_t begin = next > done ? next - 1 : next;
      const std::size_t end = end_of_stretch(bytes, next);
      writer.keep(done, begin);
      if (is_normalized(bytes.substr(begin, end - begin))) {
        writer.keep(begin, end);
      } else {
        normalize(bytes, begin, end, writer);
      }
      done = end;
      next = first_beyond_ascii(bytes, end);
    }
    writer.keep(done, bytes.size());
    text = writer.take();
  }

 private:
  [[nodiscard]] std::size_t end_of_stretch(std::string_view bytes, std::size_t from) const {
    std::size_t at = from;
    while (at < bytes.size() && static_cast<unsigned char>(bytes[at]) >= 0x80) {
      const CodePoint next = decode_utf8(bytes, at).value_or(CodePoint{0, 1});
      if (at - from > kStretch && begins_anew(next.value)) break;
      at += next.size;
    }
    return at;
  }

  [[nodiscard]] bool begins_anew(char32_t character) const {
    return form_.hasBoundaryBefore(static_cast<UChar32>(character)) != 0;
  }

  [[nodiscard]] bool is_normalized(std::string_view bytes) const {
    UErrorCode code = U_ZERO_ERROR;
    const bool normalized = form_.isNormalizedUTF8(piece_of(bytes), code) != 0;
    require(code);
    return normalized;
  }

  /// By the smallest parts that nothing goes across.
  void normalize(std::string_view bytes, std::size_t begin, std::size_t end,
                 TextWriter& writer) const {
    std::string made;
    while (begin < end) {
      std::size_t part = begin + decode_utf8(bytes, begin).value_or(CodePoint{0, 1}).size;
      while (part < end) {
        const CodePoint next = decode_utf8(bytes, part).value_or(CodePoint{0, 1});
        if (begins_anew(next.value)) break;
        part += next.size;
      }
      const std::string_view source = bytes.substr(begin, part - begin);
      made.clear();
      UErrorCode code = U_ZERO_ERROR;
      icu::StringByteSink<std::string> sink(&made);
      form_.normalizeUTF8(0, piece_of(source), sink, nullptr, code);
      require(code);
      if (made == source) {
        writer.keep(begin, part);
      } else {
        writer.put(made, begin, part);
      }
      begin = part;
    }
  }

  icu::FilteredNormalizer2 form_;
};

template <class Instance>
NormalizerPtr make_form(const Instance& instance) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* form = instance(code);
  require(code);
  return std::make_unique<const UnicodeForm>(form);
}

}  // namespace

NormalizerPtr make_nfc(const Setting& /*setting*/) {
  return make_form(icu::Normalizer2::getNFCInstance);
}

NormalizerPtr make_nfd(const Setting& /*setting*/) {
  return make_form(icu::Normalizer2::getNFDInstance);
}

NormalizerPtr make_nfkc(const Setting& /*setting*/) {
  return make_form(icu::Normalizer2::getNFKCInstance);
}

NormalizerPtr make_nfkd(const Setting& /*setting*/) {
  return make_form(icu::Normalizer2::getNFKDInstance);
}

}  // namespace lorafleet::model
