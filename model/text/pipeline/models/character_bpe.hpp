#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "model/text/pipeline/models/merge_table.hpp"
#include "model/text/pipeline/models/token_ids.hpp"

namespace lorafleet::model {

/// Byte-pair encoding that starts from characters, as sentencepiece's. One that is no token becomes
/// the tokens of its bytes, if there are such for all of them, else the unknown token, else
/// nothing. Immutable, so thread-safe.
///
/// Words may be whole texts: they are cut where no merge can go across, by the two characters
/// there.
class CharacterBpe final : public TokenModel {
 public:
  struct Settings {
    std::vector<MergeTable::Merge> merges;  ///< by rank, no pair twice
    std::optional<std::int32_t> unknown;
    bool fuses_unknown = false;       ///< a run of unknown characters is one token
    std::vector<std::int32_t> bytes;  ///< the token of each byte, -1 for none; may be empty
    TokenIds words;                   ///< what a word becomes whatever merges say
  };

  CharacterBpe(const TokenIds& ids, Settings settings);

  void encode(std::string_view word, TokenSink& sink) const override;

 private:
  [[nodiscard]] std::int32_t id_of(char32_t character) const;
  [[nodiscard]] bool may_join(char32_t left, char32_t right) const;
  void encode_part(std::string_view part, TokenSink& sink) const;
  /// Writes at most as many symbols as there are bytes; returns how many. `front`: bytes that
  /// vanish before the first.
  std::size_t symbols_of(std::string_view part, MergeTable::Symbol* symbols,
                         std::size_t& front) const;
  [[nodiscard]] bool falls_back(std::string_view character) const;

  Settings settings_;
  MergeTable table_;
  std::array<std::int32_t, 128> ascii_{};
  std::unordered_map<char32_t, std::int32_t> others_;
  std::array<std::array<bool, 128>, 128> ascii_joins_{};
  std::unordered_set<std::uint64_t> joins_;
  TokenIds whole_;  ///< parts that merge into one token
};

}  // namespace lorafleet::model
