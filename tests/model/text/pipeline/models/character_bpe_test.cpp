#include "model/text/pipeline/models/character_bpe.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "partition/support/utf8.hpp"

using namespace lorafleet;
using model::CharacterBpe;
using model::MergeTable;
using model::TokenIds;
using Ids = std::vector<std::int32_t>;

namespace {

constexpr std::int32_t kUnknown = 0;

/// Over "a", "b", "é" and "▁"; "☃" is unknown.
struct CharacterModel {
  TokenIds ids = {{"<unk>", kUnknown}, {"a", 1}, {"b", 2}, {"é", 3}, {"▁", 4}};
  CharacterBpe::Settings settings;

  void add(const std::string& left, const std::string& right) {
    for (const auto& merge : settings.merges) {
      if (merge.left == ids.at(left) && merge.right == ids.at(right)) return;
    }
    ids.emplace(left + right, static_cast<std::int32_t>(ids.size()));
    settings.merges.push_back({ids.at(left), ids.at(right), ids.at(left + right)});
  }

  /// The definition: apply the lowest rank, leftmost first, until none applies.
  [[nodiscard]] Ids by_definition(std::string_view text) const {
    Ids symbols;
    bool after_unknown = false;
    while (!text.empty()) {
      std::string character;
      append_utf8(character, take_code_point(text));
      const auto found = ids.find(character);
      if (found != ids.end()) {
        symbols.push_back(found->second);
      } else if (settings.unknown && !(settings.fuses_unknown && after_unknown)) {
        symbols.push_back(*settings.unknown);
      }
      after_unknown = found == ids.end();
    }
    for (bool merged = true; merged;) {
      merged = false;
      for (std::size_t rank = 0; rank < settings.merges.size() && !merged; ++rank) {
        const auto& merge = settings.merges[rank];
        for (std::size_t i = 0; i + 1 < symbols.size() && !merged; ++i) {
          if (symbols[i] != merge.left || symbols[i + 1] != merge.right) continue;
          symbols[i] = merge.merged;
          symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          merged = true;
        }
      }
    }
    return symbols;
  }
};

Ids encode(const CharacterBpe& bpe, const std::string& word) {
  Ids ids;
  model::TokenSink sink(ids);
  bpe.encode(word, sink);
  return ids;
}

}  // namespace

TEST_CASE("any merges over characters give what the definition gives, wherever the text is cut") {
  CHECK(rc::check("against the definition", [] {
    CharacterModel model;
    const int merges = *rc::gen::inRange(0, 20);
    for (int i = 0; i < merges; ++i) {
      std::vector<std::string> known;
      for (const auto& [token, id] : model.ids) {
        if (id != kUnknown) known.push_back(token);
      }
      std::sort(known.begin(), known.end());
      model.add(*rc::gen::elementOf(known), *rc::gen::elementOf(known));
    }
    if (*rc::gen::arbitrary<bool>()) model.settings.unknown = kUnknown;
    model.settings.fuses_unknown = *rc::gen::arbitrary<bool>();
    const CharacterBpe bpe(model.ids, model.settings);
    for (const std::size_t length : {1, 2, 5, 30, 80}) {
      const auto parts = *rc::gen::container<std::vector<std::string>>(
          length, rc::gen::elementOf(std::vector<std::string>{"a", "a", "b", "é", "▁", "☃"}));
      std::string text;
      for (const auto& part : parts)
        text += part;
      RC_ASSERT(encode(bpe, text) == model.by_definition(text));
    }
  }));
}

TEST_CASE("an unknown character becomes its bytes, if all of them are tokens") {
  CharacterModel model;
  model.settings.unknown = kUnknown;
  model.settings.bytes.assign(256, -1);
  for (const int byte : {0xe2, 0x98, 0x83})
    model.settings.bytes[static_cast<std::size_t>(byte)] = 1000 + byte;
  const CharacterBpe bpe(model.ids, model.settings);
  CHECK(encode(bpe, "a☃b") == Ids{1, 1000 + 0xe2, 1000 + 0x98, 1000 + 0x83, 2});
  CHECK(encode(bpe, "a☂☂") == Ids{1, kUnknown, kUnknown});
}

TEST_CASE("a word that is a token is taken whole where merges do not count") {
  CharacterModel model;
  model.add("a", "b");
  model.settings.words = {{"ba", 77}};
  const CharacterBpe bpe(model.ids, model.settings);
  CHECK(encode(bpe, "ba") == Ids{77});
  CHECK(encode(bpe, "bab") == Ids{2, 5});
}

TEST_CASE("tokens stand for the bytes that they were made of") {
  CharacterModel model;
  model.add("a", "é");
  model.settings.unknown = kUnknown;
  model.settings.fuses_unknown = true;
  const CharacterBpe bpe(model.ids, model.settings);
  const std::string text = "baé☃☃a";
  const model::AlignedText aligned(text, 10, true);
  Ids ids;
  std::vector<model::TextSpan> spans;
  model::TokenSink sink(ids, &spans);
  sink.start(aligned.piece(false));
  bpe.encode(text, sink);
  CHECK(ids == Ids{2, 5, kUnknown, 1});
  CHECK(spans == std::vector<model::TextSpan>{{10, 11}, {11, 14}, {14, 20}, {20, 21}});
}

TEST_CASE("a text of a megabyte without any border is encoded") {
  CharacterModel model;
  model.add("a", "a");
  model.add("aa", "aa");
  const CharacterBpe bpe(model.ids, model.settings);
  CHECK(encode(bpe, std::string(1 << 20, 'a')).size() == 1 << 18);
}
