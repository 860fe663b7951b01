#include "model/text/tokenizer.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "model/text/pipeline/byte_alphabet.hpp"
#include "model/text/tokenizer_files.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

using Ids = std::vector<std::int32_t>;

/// The parts of a text that may hold special tokens; ascending, apart.
class Literals {
 public:
  explicit Literals(std::span<const TextSpan> spans) : spans_(spans) {}

  [[nodiscard]] bool empty() const { return spans_.empty(); }
  [[nodiscard]] bool hold(const TextSpan& span) const {
    const auto behind = std::upper_bound(
        spans_.begin(), spans_.end(), span.begin,
        [](std::size_t at, const TextSpan& literal) { return at < literal.begin; });
    return behind != spans_.begin() && span.end <= std::prev(behind)->end;
  }

 private:
  std::span<const TextSpan> spans_;
};

}  // namespace

struct Tokenizer::State {
  explicit State(TokenizerSpec files)
      : spec(std::move(files)), added(spec.added, spec.normalizer.get()) {
    prefix = spec.around.prefix();
  }

  /// `text` must be well-formed UTF-8.
  void encode(std::string_view text, const Literals& literals, TokenSink& sink) const {
    if (!added.any(AddedTokens::raw, literals.empty())) {
      encode_stretch(text, {0, text.size()}, literals, sink);
      return;
    }
    added.cut(
        text, AddedTokens::raw, [&](const TextSpan& span) { return literals.hold(span); },
        [&](const AddedTokens::Segment& segment) {
          if (segment.token != nullptr) {
            sink.add_alone(segment.token->id, segment.span);
          } else {
            encode_stretch(text, segment.span, literals, sink);
          }
        });
  }

  /// What lies between added tokens that are sought in raw text.
  void encode_stretch(std::string_view text, const TextSpan& stretch, const Literals& literals,
                      TokenSink& sink) const {
    const bool seeks = added.any(AddedTokens::normalized, literals.empty());
    Piece piece{text.substr(stretch.begin, stretch.end - stretch.begin), nullptr,
                stretch.begin == 0};
    AlignedText owned;
    if (spec.normalizer || sink.wants_spans()) {
      const bool tracks = sink.wants_spans() || (seeks && !literals.empty());
      owned = AlignedText(piece.text, stretch.begin, tracks);
      if (spec.normalizer) spec.normalizer->apply(owned);
      piece = owned.piece(piece.first);
    }
    if (!seeks) {
      encode_piece(piece, sink);
      return;
    }
    const auto origin = [&](const TextSpan& span) {
      if (piece.origins == nullptr) {
        return TextSpan{stretch.begin + span.begin, stretch.begin + span.end};
      }
      return TextSpan{piece.origins[span.begin].begin, piece.origins[span.end - 1].end};
    };
    added.cut(
        piece.text, AddedTokens::normalized,
        [&](const TextSpan& span) { return !literals.empty() && literals.hold(origin(span)); },
        [&](const AddedTokens::Segment& segment) {
          if (segment.token != nullptr) {
            sink.add_alone(segment.token->id, origin(segment.span));
          } else {
            encode_piece(piece.part(segment.span.begin, segment.span.end), sink);
          }
        });
  }

  /// Normalized text without added tokens.
  void encode_piece(const Piece& piece, TokenSink& sink) const {
    if (piece.text.empty()) return;
    const auto encode_word = [&](const Piece& word) {
      sink.start(word);
      spec.model->encode(word.text, sink);
    };
    if (spec.pre_tokenizer) {
      spec.pre_tokenizer->split(piece, encode_word);
    } else {
      encode_word(piece);
    }
  }

  [[nodiscard]] const std::string& text_of(std::int32_t id) const {
    const auto found = spec.tokens.find(id);
    if (found != spec.tokens.end()) return found->second;
    throw std::out_of_range("the tokenizer has no token with the id " + std::to_string(id));
  }

  [[nodiscard]] std::string bytes_of(std::int32_t id) const {
    const std::string& text = text_of(id);
    const AddedToken* token = added.by_id(id);
    if (token != nullptr && (spec.bytes ? !token->of_model : !token->everywhere)) return text;
    if (spec.bytes) return bytes_from_alphabet(text).value_or(text);
    return spec.decoder ? spec.decoder->bytes_of(text) : text;
  }

  [[nodiscard]] bool is_special(std::int32_t id) const {
    const AddedToken* token = added.by_id(id);
    return token != nullptr && token->special;
  }

  TokenizerSpec spec;
  AddedTokens added;
  Ids prefix;
};

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::~Tokenizer() = default;

TokenizerPtr Tokenizer::load(const std::filesystem::path& directory) {
  return TokenizerPtr(new Tokenizer(std::make_unique<State>(read_tokenizer_files(directory))));
}

Ids Tokenizer::encode(std::string_view text) const {
  return encode_template_text(text, {});
}

Ids Tokenizer::encode_with_specials(std::string_view text) const {
  Ids ids = state_->prefix;
  const TextSpan all = {0, text.size()};
  const auto content = encode_template_text(text, {&all, 1});
  const auto suffix = state_->spec.around.suffix();
  ids.insert(ids.end(), content.begin(), content.end());
  ids.insert(ids.end(), suffix.begin(), suffix.end());
  return ids;
}

Ids Tokenizer::encode_template_text(std::string_view text, std::span<const TextSpan> literals,
                                    std::vector<TextSpan>* spans) const {
  std::string repaired;
  std::vector<TextSpan> moved;
  if (valid_utf8_prefix(text) != text.size()) {
    std::size_t begin = 0;
    for (const TextSpan& literal : literals) {
      repaired += replace_invalid_utf8(text.substr(begin, literal.begin - begin));
      const std::size_t start = repaired.size();
      repaired += replace_invalid_utf8(text.substr(literal.begin, literal.end - literal.begin));
      moved.push_back({start, repaired.size()});
      begin = literal.end;
    }
    repaired += replace_invalid_utf8(text.substr(begin));
    text = repaired;
    literals = moved;
  }
  Ids ids;
  TokenSink sink(ids, spans);
  state_->encode(text, Literals(literals), sink);
  return ids;
}

EncodedPair Tokenizer::encode_pair(std::string_view first, std::string_view second) const {
  EncodedPair pair;
  for (const auto& part : state_->spec.around.pair) {
    const bool special = part.kind == PostProcessor::Kind::special;
    Ids ids = {part.id};
    if (!special) {
      const std::string_view text = part.kind == PostProcessor::Kind::first ? first : second;
      const TextSpan all = {0, text.size()};
      ids = encode_template_text(text, {&all, 1});
    }
    pair.ids.insert(pair.ids.end(), ids.begin(), ids.end());
    pair.types.insert(pair.types.end(), ids.size(), part.type);
    pair.specials.insert(pair.specials.end(), ids.size(), special);
  }
  return pair;
}

std::optional<std::string> Tokenizer::token_bytes(std::int32_t id) const {
  if (!state_->spec.tokens.contains(id)) return std::nullopt;
  return state_->bytes_of(id);
}

std::optional<FoundToken> Tokenizer::find_added(std::string_view text, bool reserved) const {
  return state_->added.find(text, reserved);
}

bool Tokenizer::keeps_bytes() const {
  const TokenizerSpec& spec = state_->spec;
  return spec.bytes && !spec.normalizer && spec.pre_tokenizer->keeps_text() &&
         std::none_of(spec.added.begin(), spec.added.end(), [](const AddedToken& token) {
           return token.everywhere && (token.lstrip || token.rstrip);
         });
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skip_special) const {
  std::vector<std::string> texts;
  for (const std::int32_t id : ids) {
    const std::string& text = state_->text_of(id);
    if (!skip_special || !state_->is_special(id)) texts.push_back(text);
  }
  const auto& decoder = state_->spec.decoder;
  if (decoder) decoder->apply(texts);
  std::string joined;
  for (const std::string& text : texts) {
    if (!decoder && !joined.empty()) joined += ' ';
    joined += text;
  }
  return replace_invalid_utf8(joined);
}

std::span<const std::int32_t> Tokenizer::prefix() const {
  return state_->prefix;
}

const std::vector<std::string>& Tokenizer::warnings() const {
  return state_->spec.warnings;
}

std::size_t Tokenizer::ordinary_size() const {
  std::int32_t largest = -1;
  for (const auto& [id, text] : state_->spec.tokens) {
    const AddedToken* token = state_->added.by_id(id);
    if (token == nullptr || token->of_model || token->everywhere) largest = id;
  }
  return static_cast<std::size_t>(largest + 1);
}

std::size_t Tokenizer::vocab_size() const {
  return static_cast<std::size_t>(state_->spec.tokens.rbegin()->first) + 1;
}

}  // namespace lorafleet::model
