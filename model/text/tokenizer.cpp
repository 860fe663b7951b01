#include "model/text/tokenizer.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "model/text/bpe.hpp"
#include "model/text/pretokenizer.hpp"
#include "model/text/tokenizer_files.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

std::vector<std::pair<std::string, std::int32_t>> merged_tokens(const TokenizerSpec& spec) {
  std::vector<std::pair<std::string, std::int32_t>> tokens;
  tokens.reserve(spec.merges.size());
  for (const auto& merge : spec.merges) {
    tokens.emplace_back(spec.tokens.at(merge.merged), merge.merged);
  }
  return tokens;
}

}  // namespace

struct Tokenizer::State {
  explicit State(TokenizerSpec files)
      : spec(std::move(files)), bpe(spec.byte_ids, spec.merges, merged_tokens(spec)) {
    // Of two added tokens that begin alike, the longer one counts.
    std::stable_sort(spec.added.begin(), spec.added.end(),
                     [](const AddedToken& a, const AddedToken& b) {
                       return a.content.size() > b.content.size();
                     });
    for (const auto& token : spec.added) {
      added_starts.push_back(token.content.front());
    }
  }

  /// `text` must be well-formed UTF-8.
  void encode_plain(std::string_view text, std::vector<std::int32_t>& ids) const {
    pretokenizer.split(text, [&](std::string_view piece) { bpe.encode(piece, ids); });
  }

  [[nodiscard]] const AddedToken* added_at(std::string_view text) const {
    for (const auto& token : spec.added) {
      if (text.starts_with(token.content)) return &token;
    }
    return nullptr;
  }

  [[nodiscard]] std::optional<FoundToken> find_added(std::string_view text,
                                                     std::size_t from) const {
    for (std::size_t i = text.find_first_of(added_starts, from); i != std::string_view::npos;
         i = text.find_first_of(added_starts, i + 1)) {
      if (const AddedToken* token = added_at(text.substr(i))) {
        return FoundToken{i, i + token->content.size(), token->id};
      }
    }
    return std::nullopt;
  }

  /// Cuts the added tokens out of the `literals`; what lies between is encoded as texts of their
  /// own.
  void encode_with_added(std::string_view text, std::span<const TextSpan> literals,
                         std::vector<std::int32_t>& ids) const {
    std::size_t begin = 0;
    for (const TextSpan& literal : literals) {
      const std::string_view upto = text.substr(0, literal.end);
      for (auto token = find_added(upto, literal.begin); token;
           token = find_added(upto, token->end)) {
        encode_plain(text.substr(begin, token->begin - begin), ids);
        ids.push_back(token->id);
        begin = token->end;
      }
    }
    encode_plain(text.substr(begin), ids);
  }

  [[nodiscard]] bool is_special(std::int32_t id) const {
    return std::any_of(spec.added.begin(), spec.added.end(),
                       [id](const AddedToken& token) { return token.id == id && token.special; });
  }

  TokenizerSpec spec;
  Bpe bpe;
  Pretokenizer pretokenizer;
  std::string added_starts;  ///< first bytes of the added tokens
};

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::~Tokenizer() = default;

TokenizerPtr Tokenizer::load(const std::filesystem::path& directory) {
  return TokenizerPtr(new Tokenizer(std::make_unique<State>(read_tokenizer_files(directory))));
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  if (valid_utf8_prefix(text) == text.size()) {
    state_->encode_plain(text, ids);
  } else {
    state_->encode_plain(replace_invalid_utf8(text), ids);
  }
  return ids;
}

std::vector<std::int32_t> Tokenizer::encode_bytes(std::string_view bytes) const {
  const std::size_t valid = valid_utf8_prefix(bytes);
  if (valid == bytes.size()) return encode(bytes);
  std::vector<std::int32_t> ids;
  std::size_t position = 0;
  std::string_view last;
  state_->pretokenizer.split(bytes.substr(0, valid), [&](std::string_view piece) {
    state_->bpe.encode(last, ids);
    position += last.size();
    last = piece;
  });
  state_->bpe.encode(bytes.substr(position), ids);
  return ids;
}

std::vector<std::int32_t> Tokenizer::encode_with_specials(std::string_view text) const {
  const TokenizerSpec& spec = state_->spec;
  std::vector<std::int32_t> ids = spec.prefix;
  const TextSpan all = {0, text.size()};
  const auto content = encode_template_text(text, {&all, 1});
  ids.insert(ids.end(), content.begin(), content.end());
  ids.insert(ids.end(), spec.suffix.begin(), spec.suffix.end());
  return ids;
}

std::vector<std::int32_t> Tokenizer::encode_template_text(std::string_view text,
                                                          std::span<const TextSpan> literals,
                                                          std::vector<std::size_t>* ends) const {
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
  std::vector<std::int32_t> ids;
  state_->encode_with_added(text, literals, ids);
  if (ends != nullptr) {
    std::size_t end = 0;
    for (const std::int32_t id : ids) {
      end += state_->spec.tokens.at(id).size();
      ends->push_back(end);
    }
  }
  return ids;
}

std::optional<std::string> Tokenizer::token_bytes(std::int32_t id) const {
  const auto found = state_->spec.tokens.find(id);
  return found == state_->spec.tokens.end() ? std::nullopt : std::optional(found->second);
}

std::optional<FoundToken> Tokenizer::find_added(std::string_view text) const {
  return state_->find_added(text, 0);
}

std::string Tokenizer::decode_bytes(std::span<const std::int32_t> ids, bool skip_special) const {
  std::string bytes;
  for (const std::int32_t id : ids) {
    const auto token = state_->spec.tokens.find(id);
    if (token == state_->spec.tokens.end()) {
      throw std::out_of_range("the tokenizer has no token with the id " + std::to_string(id));
    }
    if (!skip_special || !state_->is_special(id)) bytes += token->second;
  }
  return bytes;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skip_special) const {
  return replace_invalid_utf8(decode_bytes(ids, skip_special));
}

std::span<const std::int32_t> Tokenizer::prefix() const {
  return state_->spec.prefix;
}

const std::vector<std::string>& Tokenizer::warnings() const {
  return state_->spec.warnings;
}

std::size_t Tokenizer::vocab_size() const {
  return static_cast<std::size_t>(state_->spec.tokens.rbegin()->first) + 1;
}

}  // namespace lorafleet::model
