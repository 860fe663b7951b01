#include "model/text/pipeline/models/merge_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <queue>
#include <utility>

namespace lorafleet::model {

namespace {

constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();
constexpr std::int32_t kNoRank = std::numeric_limits<std::int32_t>::max();

constexpr std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

constexpr std::uint64_t mix(std::uint64_t key) {
  key *= 0x9e3779b97f4a7c15;
  return key ^ key >> 32;
}

}  // namespace

MergeTable::MergeTable(const std::vector<Merge>& merges)
    : slots_(std::bit_ceil(2 * merges.size() + 1), Slot{kEmpty, 0, 0}) {
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const Merge& merge = merges[rank];
    const std::uint64_t key = pair_key(merge.left, merge.right);
    std::size_t i = mix(key) & (slots_.size() - 1);
    while (slots_[i].pair != kEmpty)
      i = (i + 1) & (slots_.size() - 1);
    slots_[i] = {key, static_cast<std::int32_t>(rank), merge.merged};
  }
}

const MergeTable::Slot* MergeTable::find(std::int32_t left, std::int32_t right) const {
  const std::uint64_t key = pair_key(left, right);
  for (std::size_t i = mix(key) & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i].pair == key) return &slots_[i];
    if (slots_[i].pair == kEmpty) return nullptr;
  }
}

void MergeTable::merge(std::span<const Symbol> symbols, TokenSink& sink) const {
  if (symbols.size() <= kShort) {
    merge_short(symbols, sink);
  } else {
    merge_long(symbols, sink);
  }
}

void MergeTable::merge_short(std::span<const Symbol> symbols, TokenSink& sink) const {
  struct Entry {
    Symbol symbol;
    std::int32_t rank;    ///< of its pair with the next symbol
    std::int32_t merged;  ///< what that pair becomes
  };
  std::array<Entry, kShort> entries;
  std::size_t count = symbols.size();
  for (std::size_t i = 0; i < count; ++i)
    entries[i].symbol = symbols[i];
  const auto look_up = [&](std::size_t i) {
    const Slot* slot =
        i + 1 < count ? find(entries[i].symbol.id, entries[i + 1].symbol.id) : nullptr;
    entries[i].rank = slot == nullptr ? kNoRank : slot->rank;
    entries[i].merged = slot == nullptr ? 0 : slot->merged;
  };
  for (std::size_t i = 0; i < count; ++i)
    look_up(i);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < count; ++i) {
      if (entries[i].rank < entries[best].rank) best = i;
    }
    if (entries[best].rank == kNoRank) break;
    entries[best].symbol = {entries[best].merged,
                            entries[best].symbol.size + entries[best + 1].symbol.size};
    std::copy(entries.begin() + best + 2, entries.begin() + count, entries.begin() + best + 1);
    --count;
    look_up(best);
    if (best > 0) look_up(best - 1);
  }
  for (std::size_t i = 0; i < count; ++i)
    sink.add(entries[i].symbol.id, entries[i].symbol.size);
}

void MergeTable::merge_long(std::span<const Symbol> symbols, TokenSink& sink) const {
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  struct Entry {
    std::int32_t id;  ///< -1 once it was merged into its left neighbour
    std::uint32_t size;
    std::size_t previous;
    std::size_t next;
  };
  struct Candidate {
    std::int32_t rank;
    std::size_t left;
    std::size_t right;
    std::uint64_t pair;  ///< stale when the two symbols are no longer these
    std::int32_t merged;
  };
  const auto later = [](const Candidate& a, const Candidate& b) {
    return std::pair(a.rank, a.left) > std::pair(b.rank, b.left);
  };
  std::vector<Entry> entries(symbols.size());
  std::priority_queue<Candidate, std::vector<Candidate>, decltype(later)> queue(later);
  const auto consider = [&](std::size_t left, std::size_t right) {
    if (left == kNone || right == kNone) return;
    if (const Slot* slot = find(entries[left].id, entries[right].id)) {
      queue.push({slot->rank, left, right, slot->pair, slot->merged});
    }
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    entries[i] = {symbols[i].id, symbols[i].size, i == 0 ? kNone : i - 1,
                  i + 1 == symbols.size() ? kNone : i + 1};
    if (i > 0) consider(i - 1, i);
  }
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Entry& left = entries[best.left];
    Entry& right = entries[best.right];
    if (left.next != best.right || pair_key(left.id, right.id) != best.pair) continue;
    left.id = best.merged;
    left.size += right.size;
    left.next = right.next;
    right.id = -1;
    if (left.next != kNone) entries[left.next].previous = best.left;
    consider(left.previous, best.left);
    consider(best.left, left.next);
  }
  for (const Entry& entry : entries) {
    if (entry.id >= 0) sink.add(entry.id, entry.size);
  }
}

}  // namespace lorafleet::model
