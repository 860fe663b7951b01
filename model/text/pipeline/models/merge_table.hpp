#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/text/pipeline/token_model.hpp"

namespace lorafleet::model {

/// The merges of byte-pair encoding (Sennrich et al., arXiv 1508.07909): again and again that of
/// the lowest rank is applied, the leftmost one first. Immutable, so thread-safe.
class MergeTable {
 public:
  struct Merge {
    std::int32_t left;
    std::int32_t right;
    std::int32_t merged;
  };
  struct Symbol {
    std::int32_t id;
    std::uint32_t size;  ///< bytes of the word
  };
  /// Up to so many symbols need no memory of their own.
  static constexpr std::size_t kShort = 48;

  /// `merges`: by rank, no pair twice.
  explicit MergeTable(const std::vector<Merge>& merges);

  /// Gives what is left of the symbols to `sink`. Takes O(n log n) for n of them.
  void merge(std::span<const Symbol> symbols, TokenSink& sink) const;

 private:
  struct Slot {
    std::uint64_t pair;
    std::int32_t rank;
    std::int32_t merged;
  };

  [[nodiscard]] const Slot* find(std::int32_t left, std::int32_t right) const;
  void merge_short(std::span<const Symbol> symbols, TokenSink& sink) const;
  void merge_long(std::span<const Symbol> symbols, TokenSink& sink) const;

  std::vector<Slot> slots_;  ///< open addressing, a power of two of them
};

}  // namespace lorafleet::model
