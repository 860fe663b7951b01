// Unigram (Kudo, arXiv 1804.10959): of all ways to cut a word into tokens, the likeliest.

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "model/text/pipeline/byte_tokens.hpp"
#include "model/text/pipeline/models/models.hpp"
#include "model/text/pipeline/trie.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

/// By how much an unknown character is less likely than the least likely token (sentencepiece's).
constexpr double kUnknownPenalty = 10.0;

struct Pieces {
  std::vector<double> scores;  ///< by id
  std::vector<std::pair<std::string, std::int32_t>> entries;
  std::vector<std::int32_t> bytes;  ///< the token of each byte, -1 for none; empty: none is used
  std::int32_t unknown = 0;
};

class Unigram final : public TokenModel {
 public:
  explicit Unigram(Pieces pieces)
      : trie_(std::move(pieces.entries)),
        scores_(std::move(pieces.scores)),
        bytes_(std::move(pieces.bytes)),
        unknown_(pieces.unknown),
        unknown_score_(*std::min_element(scores_.begin(), scores_.end()) - kUnknownPenalty) {}

  void encode(std::string_view word, TokenSink& sink) const override {
    std::size_t done = 0;  // all before is tokens
    std::size_t at = 0;    // and from there to here is unknown
    const auto flush = [&] {
      if (done < at) add_unknown(word.substr(done, at - done), sink);
    };
    for (const auto& [id, end] : best_path(word)) {
      if (id != unknown_) {
        flush();
        sink.add(id, end - at);
        done = end;
      }
      at = end;
    }
    flush();
  }

 private:
  struct Node {
    double score = 0.0;
    std::size_t begin = kNone;  ///< of the last token
    std::int32_t id = 0;
  };
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  /// Ids and ends of the tokens.
  [[nodiscard]] std::vector<std::pair<std::int32_t, std::size_t>> best_path(
      std::string_view word) const {
    std::vector<Node> nodes(word.size() + 1);
    const auto offer = [&](std::size_t begin, std::size_t end, std::int32_t id, double score) {
      Node& node = nodes[end];
      const double whole = nodes[begin].score + score;
      if (node.begin == kNone || whole > node.score) node = {whole, begin, id};
    };
    std::string_view rest = word;
    while (!rest.empty()) {
      const std::size_t begin = word.size() - rest.size();
      const std::string_view here = rest;
      take_code_point(rest);
      const std::size_t character = here.size() - rest.size();
      bool known = false;
      trie_.prefixes(here, [&](std::int32_t id, std::size_t size) {
        offer(begin, begin + size, id, scores_[static_cast<std::size_t>(id)]);
        known = known || size == character;
      });
      if (!known) offer(begin, begin + character, unknown_, unknown_score_);
    }
    std::vector<std::pair<std::int32_t, std::size_t>> path;
    for (std::size_t end = word.size(); end > 0; end = nodes[end].begin)
      path.emplace_back(nodes[end].id, end);
    std::reverse(path.begin(), path.end());
    return path;
  }

  void add_unknown(std::string_view text, TokenSink& sink) const {
    const bool falls_back =
        !bytes_.empty() && std::all_of(text.begin(), text.end(), [&](char byte) {
          return bytes_[static_cast<unsigned char>(byte)] >= 0;
        });
    if (!falls_back) {
      sink.add(unknown_, text.size());
      return;
    }
    for (const char byte : text)
      sink.add(bytes_[static_cast<unsigned char>(byte)], 1);
  }

  Trie trie_;
  std::vector<double> scores_;
  std::vector<std::int32_t> bytes_;
  std::int32_t unknown_;
  double unknown_score_;
};

}  // namespace

ModelParts make_unigram(const Setting& setting, const ModelSurroundings& around) {
  const Setting vocabulary = setting.at("vocab");
  if (around.bytes) setting.refuse("Unigram after ByteLevel is not supported");
  Pieces pieces;
  TokenIds ids;
  for (std::size_t i = 0; i < vocabulary.size(); ++i) {
    const Setting piece = vocabulary.item(i);
    if (!piece.is_array() || piece.size() != 2) {
      piece.refuse("must be a token and its score, not " + piece.shown());
    }
    const std::string token = piece.item(0).text();
    pieces.scores.push_back(piece.item(1).number());
    const auto id = static_cast<std::int32_t>(i);
    if (!ids.emplace(token, id).second) piece.refuse("the token occurs twice");
    if (!token.empty() && !around.reserved.contains(token)) pieces.entries.emplace_back(token, id);
  }
  const Setting unknown = setting.at("unk_id");
  pieces.unknown = unknown.id(unknown);
  if (static_cast<std::size_t>(pieces.unknown) >= ids.size()) {
    unknown.refuse("there is no token with the id " + unknown.shown());
  }
  if (setting.at("byte_fallback").flag_or(false)) {
    for (int byte = 0; byte < 256; ++byte) {
      const auto* id = find_token(ids, byte_token(static_cast<unsigned char>(byte)));
      pieces.bytes.push_back(id == nullptr ? -1 : *id);
    }
  }
  return {std::make_unique<const Unigram>(std::move(pieces)), std::move(ids)};
}

}  // namespace lorafleet::model
