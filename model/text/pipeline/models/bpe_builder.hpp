#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "model/text/pipeline/models/character_bpe.hpp"
#include "model/text/pipeline/models/merge_table.hpp"
#include "model/text/pipeline/models/models.hpp"

namespace lorafleet::model {

/// Collects vocabulary and merges of byte-pair encoding and checks them against each other. All
/// errors are InputErrors that begin with the `place` given.
class BpeBuilder {
 public:
  /// `vocabulary`: an object of token -> id.
  BpeBuilder(const nlohmann::json& vocabulary, const std::string& place);

  /// The next merge by rank: both and their sum in the vocabulary.
  void add_merge(std::string_view left, std::string_view right, const std::string& place);
  /// The same, with one space between the two.
  void add_merge(std::string_view pair, const std::string& place);

  [[nodiscard]] const TokenIds& ids() const { return ids_; }

  /// Over bytes, which the vocabulary writes in the byte alphabet. Throws where a byte has no
  /// token, or one that is not `around.added` is not in the alphabet.
  ModelParts over_bytes(const ModelSurroundings& around, bool ignores_merges,
                        const std::string& place) &&;
  /// Over characters; `settings.merges` and `settings.words` are made here.
  ModelParts over_characters(CharacterBpe::Settings settings, const ModelSurroundings& around,
                             bool ignores_merges) &&;

 private:
  TokenIds ids_;
  std::vector<MergeTable::Merge> merges_;
  std::unordered_set<std::uint64_t> pairs_;
};

}  // namespace lorafleet::model
