#include "model/text/pipeline/models/bpe.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <numeric>
#include <string>

using lorafleet::model::Bpe;
using Ids = std::vector<std::int32_t>;

namespace {

/// Merges over the bytes 'a', 'b' and 'c', each of tokens that exist before it.
struct ByteModel {
  std::array<std::int32_t, 256> byte_ids{};
  std::vector<Bpe::Merge> merges;
  std::map<std::string, std::int32_t> ids;
  std::vector<std::pair<std::string, std::int32_t>> tokens;

  ByteModel() {
    std::iota(byte_ids.begin(), byte_ids.end(), 0);
    for (const char byte : {'a', 'b', 'c'}) {
      ids.emplace(std::string(1, byte), byte);
    }
  }

  void add(const std::string& left, const std::string& right) {
    for (const auto& merge : merges) {
      if (merge.left == ids.at(left) && merge.right == ids.at(right)) return;
    }
    const auto next = static_cast<std::int32_t>(256 + ids.size());
    const auto [merged, fresh] = ids.emplace(left + right, next);
    merges.push_back({ids.at(left), ids.at(right), merged->second});
    if (fresh) tokens.emplace_back(left + right, next);
  }

  [[nodiscard]] Bpe bpe() const { return {byte_ids, merges, tokens}; }

  /// The definition: apply the lowest rank, leftmost first, until none applies.
  [[nodiscard]] Ids by_definition(const std::string& piece) const {
    Ids symbols;
    for (const char byte : piece) {
      symbols.push_back(byte_ids[static_cast<unsigned char>(byte)]);
    }
    for (bool merged = true; merged;) {
      merged = false;
      for (std::size_t rank = 0; rank < merges.size() && !merged; ++rank) {
        for (std::size_t i = 0; i + 1 < symbols.size() && !merged; ++i) {
          if (symbols[i] != merges[rank].left || symbols[i + 1] != merges[rank].right) continue;
          symbols[i] = merges[rank].merged;
          symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          merged = true;
        }
      }
    }
    return symbols;
  }
};

Ids encode(const Bpe& bpe, const std::string& piece) {
  Ids ids;
  lorafleet::model::TokenSink sink(ids);
  bpe.encode(piece, sink);
  return ids;
}

}  // namespace

TEST_CASE("the merge of the lowest rank goes first, and of equal ones the leftmost") {
  ByteModel model;
  model.add("b", "c");   // 259
  model.add("a", "b");   // 260
  model.add("ab", "c");  // 261: the merges never come to it
  model.add("a", "a");   // 262
  const Bpe bpe = model.bpe();
  CHECK(encode(bpe, "abc") == Ids{'a', 259});
  CHECK(encode(bpe, "ab") == Ids{260});
  CHECK(encode(bpe, "aaa") == Ids{262, 'a'});
  CHECK(encode(bpe, "x").front() == 'x');
  CHECK(encode(bpe, "").empty());
}

TEST_CASE("any merges give what the definition gives, for short and for long pieces") {
  CHECK(rc::check("against the definition", [] {
    ByteModel model;
    const int merges = *rc::gen::inRange(0, 25);
    for (int i = 0; i < merges; ++i) {
      std::vector<std::string> known;
      for (const auto& [token, id] : model.ids) {
        known.push_back(token);
      }
      model.add(*rc::gen::elementOf(known), *rc::gen::elementOf(known));
    }
    const Bpe bpe = model.bpe();
    for (const std::size_t length : {1, 2, 7, 47, 48, 49, 50, 130}) {
      const auto piece =
          *rc::gen::container<std::string>(length, rc::gen::element('a', 'a', 'b', 'c'));
      RC_ASSERT(encode(bpe, piece) == model.by_definition(piece));
    }
  }));
}
