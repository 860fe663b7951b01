#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lorafleet::model {

/// Byte-pair encoding of one piece of text (Sennrich et al., arXiv 1508.07909, over bytes as in
/// GPT-2): starts from single bytes and applies, again and again, the merge of the lowest rank, the
/// leftmost one first. Immutable, so thread-safe.
class Bpe {
 public:
  struct Merge {
    std::int32_t left;
    std::int32_t right;
    std::int32_t merged;
  };

  /// `byte_ids`: the token of each byte. `merges`: by rank, no pair twice. `tokens`: bytes and id
  /// of the tokens that merges can make.
  Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<Merge>& merges,
      const std::vector<std::pair<std::string, std::int32_t>>& tokens);

  /// Appends the ids of `piece`. Takes O(n log n) for n bytes.
  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;

 private:
  struct Slot {
    std::uint64_t pair;
    std::int32_t rank;
    std::int32_t merged;
  };
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  [[nodiscard]] const Slot* find(std::int32_t left, std::int32_t right) const;
  void encode_short(std::string_view piece, std::vector<std::int32_t>& ids) const;
  void encode_long(std::string_view piece, std::vector<std::int32_t>& ids) const;

  std::array<std::int32_t, 256> byte_ids_;
  std::vector<Slot> slots_;  ///< open addressing, a power of two of them
  /// Pieces that merge into one token: most words take one look-up. A token that the merges would
  /// not make of its own bytes is not among them.
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> whole_;
};

}  // namespace lorafleet::model
