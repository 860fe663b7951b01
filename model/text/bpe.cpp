#include "model/text/bpe.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <queue>

namespace lorafleet::model {

namespace {

constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();
constexpr std::int32_t kNoRank = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kShortPiece = 48;

constexpr std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

constexpr std::uint64_t mix(std::uint64_t key) {
  key *= 0x9e3779b97f4a7c15;
  return key ^ key >> 32;
}

}  // namespace

Bpe::Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<Merge>& merges,
         const std::vector<std::pair<std::string, std::int32_t>>& tokens)
    : byte_ids_(byte_ids), slots_(std::bit_ceil(2 * merges.size() + 1), Slot{kEmpty, 0, 0}) {
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& merge = merges[rank];
    const std::uint64_t key = pair_key(merge.left, merge.right);
    std::size_t i = mix(key) & (slots_.size() - 1);
    while (slots_[i].pair != kEmpty)
      i = (i + 1) & (slots_.size() - 1);
    slots_[i] = {key, static_cast<std::int32_t>(rank), merge.merged};
  }
  std::vector<std::int32_t> ids;
  for (const auto& [bytes, id] : tokens) {
    ids.clear();
    encode(bytes, ids);
    if (ids.size() == 1 && ids.front() == id) whole_.emplace(bytes, id);
  }
}

const Bpe::Slot* Bpe::find(std::int32_t left, std::int32_t right) const {
  const std::uint64_t key = pair_key(left, right);
  for (std::size_t i = mix(key) & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i].pair == key) return &slots_[i];
    if (slots_[i].pair == kEmpty) return nullptr;
  }
}

void Bpe::encode(std::string_view piece, std::vector<std::int32_t>& ids) const {
  if (const auto found = whole_.find(piece); found != whole_.end()) {
    ids.push_back(found->second);
  } else if (piece.size() <= kShortPiece) {
    encode_short(piece, ids);
  } else {
    encode_long(piece, ids);
  }
}

void Bpe::encode_short(std::string_view piece, std::vector<std::int32_t>& ids) const {
  struct Symbol {
    std::int32_t id;
    std::int32_t rank;    ///< of its pair with the next symbol
    std::int32_t merged;  ///< what that pair becomes
  };
  std::array<Symbol, kShortPiece> symbols;
  std::size_t count = piece.size();
  for (std::size_t i = 0; i < count; ++i) {
    symbols[i].id = byte_ids_[static_cast<unsigned char>(piece[i])];
  }
  const auto look_up = [&](std::size_t i) {
    const Slot* slot = i + 1 < count ? find(symbols[i].id, symbols[i + 1].id) : nullptr;
    symbols[i].rank = slot == nullptr ? kNoRank : slot->rank;
    symbols[i].merged = slot == nullptr ? 0 : slot->merged;
  };
  for (std::size_t i = 0; i < count; ++i) {
    look_up(i);
  }
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < count; ++i) {
      if (symbols[i].rank < symbols[best].rank) best = i;
    }
    if (symbols[best].rank == kNoRank) break;
    symbols[best].id = symbols[best].merged;
    std::copy(symbols.begin() + best + 2, symbols.begin() + count, symbols.begin() + best + 1);
    --count;
    look_up(best);
    if (best > 0) look_up(best - 1);
  }
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(symbols[i].id);
  }
}

void Bpe::encode_long(std::string_view piece, std::vector<std::int32_t>& ids) const {
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  struct Symbol {
    std::int32_t id;  ///< -1 once it was merged into its left neighbour
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
  std::vector<Symbol> symbols(piece.size());
  std::priority_queue<Candidate, std::vector<Candidate>, decltype(later)> queue(later);
  const auto consider = [&](std::size_t left, std::size_t right) {
    if (left == kNone || right == kNone) return;
    if (const Slot* slot = find(symbols[left].id, symbols[right].id)) {
      queue.push({slot->rank, left, right, slot->pair, slot->merged});
    }
  };
  for (std::size_t i = 0; i < piece.size(); ++i) {
    symbols[i] = {byte_ids_[static_cast<unsigned char>(piece[i])], i == 0 ? kNone : i - 1,
                  i + 1 == piece.size() ? kNone : i + 1};
    if (i > 0) consider(i - 1, i);
  }
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.left];
    Symbol& right = symbols[best.right];
    if (left.next != best.right || pair_key(left.id, right.id) != best.pair) continue;
    left.id = best.merged;
    left.next = right.next;
    right.id = -1;
    if (left.next != kNone) symbols[left.next].previous = best.left;
    consider(left.previous, best.left);
    consider(best.left, left.next);
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.id >= 0) ids.push_back(symbol.id);
  }
}

}  // namespace lorafleet::model
