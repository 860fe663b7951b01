// WordPiece: the longest token that a word begins with, then the longest that goes on from there.

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "model/text/pipeline/models/models.hpp"
#include "model/text/pipeline/trie.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

using Entries = std::vector<std::pair<std::string, std::int32_t>>;

class WordPiece final : public TokenModel {
 public:
  WordPiece(Entries first, Entries further, std::int32_t unknown, std::size_t longest)
      : first_(std::move(first)),
        further_(std::move(further)),
        unknown_(unknown),
        longest_(longest) {}

  void encode(std::string_view word, TokenSink& sink) const override {
    std::vector<std::pair<std::int32_t, std::size_t>> found;
    for (std::size_t at = 0; at < word.size();) {
      std::pair<std::int32_t, std::size_t> best = {unknown_, 0};
      const Trie& trie = at == 0 ? first_ : further_;
      trie.prefixes(word.substr(at), [&](std::int32_t id, std::size_t size) { best = {id, size}; });
      if (best.second == 0 || (at == 0 && is_too_long(word))) {
        sink.add(unknown_, word.size());
        return;
      }
      found.push_back(best);
      at += best.second;
    }
    for (const auto& [id, size] : found)
      sink.add(id, size);
  }

 private:
  /// In characters.
  [[nodiscard]] bool is_too_long(std::string_view word) const {
    return word.size() > longest_ && count_code_points(word) > longest_;
  }

  Trie first_;
  Trie further_;
  std::int32_t unknown_;
  std::size_t longest_;
};

}  // namespace

ModelParts make_word_piece(const Setting& setting, const ModelSurroundings& around) {
  if (around.bytes) setting.refuse("WordPiece after ByteLevel is not supported");
  const Setting vocabulary = setting.at("vocab");
  TokenIds ids = read_token_ids(vocabulary.value(), vocabulary.place());
  const std::string prefix = setting.at("continuing_subword_prefix").text_or("##");
  const std::string unknown = setting.at("unk_token").text_or("[UNK]");
  const auto* unknown_id = find_token(ids, unknown);
  if (unknown_id == nullptr) {
    setting.at("unk_token").refuse("the vocabulary has no token \"" + unknown + '"');
  }
  Entries first;
  Entries further;
  for (const auto& [token, id] : ids) {
    if (token.empty() || around.reserved.contains(token)) continue;
    first.emplace_back(token, id);
    if (token.size() > prefix.size() && token.starts_with(prefix)) {
      further.emplace_back(token.substr(prefix.size()), id);
    }
  }
  auto model =
      std::make_unique<const WordPiece>(std::move(first), std::move(further), *unknown_id,
                                        setting.at("max_input_chars_per_word").count_or(100));
  return {std::move(model), std::move(ids)};
}

}  // namespace lorafleet::model
