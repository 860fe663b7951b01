#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/text/bpe.hpp"

namespace lorafleet::model {

/// A token that is cut out of the text before all else.
struct AddedToken {
  std::string content;
  std::int32_t id = 0;
  bool special = true;  ///< may be left out when decoding
};

/// What the files of a byte-level BPE tokenizer say, checked.
struct TokenizerSpec {
  std::map<std::int32_t, std::string> tokens;  ///< bytes of each id, added tokens included
  std::array<std::int32_t, 256> byte_ids{};    ///< the token of each single byte
  std::vector<Bpe::Merge> merges;              ///< by rank
  std::vector<AddedToken> added;
  std::vector<std::int32_t> prefix;   ///< put before a sequence
  std::vector<std::int32_t> suffix;   ///< put behind it
  std::vector<std::string> warnings;  ///< what a user should know of the files
};

/// Collects vocabulary, merges and added tokens and checks them against each other. All errors are
/// InputErrors that begin with the `place` given.
class VocabularyBuilder {
 public:
  /// `vocabulary`: an object of token (in the byte alphabet) -> id.
  VocabularyBuilder(const nlohmann::json& vocabulary, const std::string& place);

  /// The next merge by rank: "left right", both and their sum in the vocabulary.
  void add_merge(std::string_view left, std::string_view right, const std::string& place);
  /// The same, with one space between the two.
  void add_merge(std::string_view pair, const std::string& place);
  void add_token(AddedToken token, const std::string& place);

  /// nullptr where the vocabulary has no such token.
  [[nodiscard]] const std::int32_t* find(std::string_view token) const;
  /// Without prefix and suffix. Throws where a byte has no token, or a token is not in the
  /// alphabet.
  TokenizerSpec build(const std::string& place) &&;

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Ids = std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>>;

  Ids ids_;
  Ids ranks_;  ///< "left right" -> rank
  TokenizerSpec spec_;
};

}  // namespace lorafleet::model
