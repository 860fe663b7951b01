#include "model/text/pipeline/models/character_bpe.hpp"

#include <algorithm>

#include "model/text/pipeline/characters.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

using Symbol = MergeTable::Symbol;

std::uint64_t pair_of(char32_t left, char32_t right) {
  return static_cast<std::uint64_t>(left) << 32 | right;
}

char32_t first_of(std::string_view text) {
  return take_code_point(text);
}

char32_t last_of(std::string_view text) {
  return first_of(text.substr(last_character(text)));
}

}  // namespace

CharacterBpe::CharacterBpe(const TokenIds& ids, Settings settings)
    : settings_(std::move(settings)), table_(settings_.merges) {
  ascii_.fill(-1);
  std::unordered_map<std::int32_t, std::string_view> texts;
  for (const auto& [token, id] : ids) {
    if (token.empty()) continue;
    texts.emplace(id, token);
    if (last_character(token) != 0) continue;
    const char32_t character = first_of(token);
    if (character < ascii_.size()) {
      ascii_[character] = id;
    } else {
      others_.emplace(character, id);
    }
  }
  for (const auto& merge : settings_.merges) {
    const char32_t left = last_of(texts.at(merge.left));
    const char32_t right = first_of(texts.at(merge.right));
    if (left < 128 && right < 128) {
      ascii_joins_[left][right] = true;
    } else {
      joins_.insert(pair_of(left, right));
    }
  }
  std::vector<std::int32_t> made;
  TokenSink sink(made);
  TokenIds whole;
  for (const auto& merge : settings_.merges) {
    const std::string_view token = texts.at(merge.merged);
    made.clear();
    encode_part(token, sink);
    if (made.size() == 1 && made.front() == merge.merged) whole.emplace(token, merge.merged);
  }
  whole_ = std::move(whole);
}

std::int32_t CharacterBpe::id_of(char32_t character) const {
  if (character < ascii_.size()) return ascii_[character];
  const auto found = others_.find(character);
  return found == others_.end() ? -1 : found->second;
}

/// Beside an unknown character: it may become tokens that merge, be fused, or vanish.
bool CharacterBpe::may_join(char32_t left, char32_t right) const {
  if (left < 128 && right < 128 && ascii_joins_[left][right]) return true;
  if ((left >= 128 || right >= 128) && joins_.contains(pair_of(left, right))) return true;
  return id_of(left) < 0 || id_of(right) < 0;
}

void CharacterBpe::encode(std::string_view word, TokenSink& sink) const {
  if (!settings_.words.empty()) {
    if (const auto* id = find_token(settings_.words, word)) {
      sink.add(*id, word.size());
      return;
    }
  }
  std::string_view rest = word;
  std::size_t begin = 0;
  char32_t previous = take_code_point(rest);
  while (!rest.empty()) {
    const std::size_t at = word.size() - rest.size();
    const char32_t next = take_code_point(rest);
    if (!may_join(previous, next)) {
      encode_part(word.substr(begin, at - begin), sink);
      begin = at;
    }
    previous = next;
  }
  encode_part(word.substr(begin), sink);
}

void CharacterBpe::encode_part(std::string_view part, TokenSink& sink) const {
  if (const auto* id = find_token(whole_, part)) {
    sink.add(*id, part.size());
    return;
  }
  std::size_t front = 0;
  const auto merge = [&](const Symbol* symbols, std::size_t count) {
    sink.skip(front);
    table_.merge({symbols, count}, sink);
  };
  if (part.size() <= MergeTable::kShort) {
    std::array<Symbol, MergeTable::kShort> symbols;
    const std::size_t count = symbols_of(part, symbols.data(), front);
    merge(symbols.data(), count);
  } else {
    std::vector<Symbol> symbols(part.size());
    const std::size_t count = symbols_of(part, symbols.data(), front);
    merge(symbols.data(), count);
  }
}

std::size_t CharacterBpe::symbols_of(std::string_view part, Symbol* symbols,
                                     std::size_t& front) const {
  std::size_t count = 0;
  bool after_unknown = false;
  for (std::string_view rest = part; !rest.empty();) {
    const std::size_t at = part.size() - rest.size();
    const std::int32_t id = id_of(take_code_point(rest));
    const std::string_view character = part.substr(at, part.size() - rest.size() - at);
    const auto size = static_cast<std::uint32_t>(character.size());
    const bool unknown = id < 0 && !falls_back(character);
    if (id >= 0) {
      symbols[count++] = {id, size};
    } else if (!unknown) {
      for (const char byte : character)
        symbols[count++] = {settings_.bytes[static_cast<unsigned char>(byte)], 1};
    } else if (settings_.unknown && !(after_unknown && settings_.fuses_unknown)) {
      symbols[count++] = {*settings_.unknown, size};
    } else if (count > 0) {
      symbols[count - 1].size += size;
    } else {
      front += size;
    }
    after_unknown = unknown;
  }
  return count;
}

bool CharacterBpe::falls_back(std::string_view character) const {
  return !settings_.bytes.empty() &&
         std::all_of(character.begin(), character.end(), [&](char byte) {
           return settings_.bytes[static_cast<unsigned char>(byte)] >= 0;
         });
}

}  // namespace lorafleet::model
