#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/text/pipeline/models/merge_table.hpp"
#include "model/text/pipeline/models/token_ids.hpp"

namespace lorafleet::model {

/// Byte-pair encoding that starts from single bytes, as in GPT-2. Immutable, so thread-safe.
class Bpe final : public TokenModel {
 public:
  using Merge = MergeTable::Merge;

  /// `byte_ids`: the token of each byte. `merges`: by rank, no pair twice. `tokens`: bytes and id
  /// of the tokens that merges can make. `words`: those that a word becomes whatever merges say.
  Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<Merge>& merges,
      const std::vector<std::pair<std::string, std::int32_t>>& tokens, TokenIds words = {});

  void encode(std::string_view word, TokenSink& sink) const override;

 private:
  std::array<std::int32_t, 256> byte_ids_;
  MergeTable merges_;
  /// Words that are one token: most take one look-up. A token that the merges would not make of its
  /// own bytes is not among them, if they count.
  TokenIds whole_;
};

}  // namespace lorafleet::model
