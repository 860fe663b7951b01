#include "model/text/pipeline/models/bpe_builder.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "model/text/pipeline/byte_alphabet.hpp"
#include "model/text/pipeline/models/bpe.hpp"
#include "model/text/pipeline/models/token_ids.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

BpeBuilder::BpeBuilder(const nlohmann::json& vocabulary, const std::string& place)
    : ids_(read_token_ids(vocabulary, place)) {}

void BpeBuilder::add_merge(std::string_view left, std::string_view right,
                           const std::string& place) {
  const auto id_of = [&](std::string_view token) {
    const std::int32_t* id = find_token(ids_, token);
    if (id == nullptr) {
      throw InputError(place, "the merge " + in_quotes(left) + " + " + in_quotes(right) +
                                  " needs the token " + in_quotes(token) +
                                  ", which the vocabulary has not");
    }
    return *id;
  };
  if (left.empty() || right.empty()) throw InputError(place, "a token of the merge is empty");
  const std::string merged = std::string(left) + std::string(right);
  merges_.push_back({id_of(left), id_of(right), id_of(merged)});
  const auto& merge = merges_.back();
  const std::uint64_t pair =
      static_cast<std::uint64_t>(merge.left) << 32 | static_cast<std::uint32_t>(merge.right);
  if (!pairs_.insert(pair).second) {
    throw InputError(place, "the merge " + in_quotes(std::string(left) + ' ' + std::string(right)) +
                                " occurs twice");
  }
}

void BpeBuilder::add_merge(std::string_view pair, const std::string& place) {
  const std::size_t space = pair.find(' ');
  if (space == 0 || space == std::string_view::npos || space + 1 == pair.size() ||
      pair.find(' ', space + 1) != std::string_view::npos) {
    throw InputError(place,
                     "a merge must be two tokens with one space between, not " + in_quotes(pair));
  }
  add_merge(pair.substr(0, space), pair.substr(space + 1), place);
}

ModelParts BpeBuilder::over_bytes(const ModelSurroundings& around, bool ignores_merges,
                                  const std::string& place) && {
  std::unordered_map<std::int32_t, std::string> texts;
  TokenIds words;
  std::array<std::int32_t, 256> byte_ids{};
  std::array<bool, 256> seen{};
  for (const auto& [token, id] : ids_) {
    std::optional<std::string> bytes = bytes_from_alphabet(token);
    if (!bytes || bytes->empty()) {
      if (around.added.contains(token)) continue;
      throw InputError(place, "token " + in_quotes(token) + " (id " + std::to_string(id) +
                                  ") is not written in the alphabet of byte-level BPE");
    }
    if (bytes->size() == 1) {
      const auto byte = static_cast<unsigned char>(bytes->front());
      seen[byte] = true;
      byte_ids[byte] = id;
    }
    if (ignores_merges && !around.reserved.contains(token)) words.emplace(*bytes, id);
    texts.emplace(id, std::move(*bytes));
  }
  if (const auto missing = std::find(seen.begin(), seen.end(), false); missing != seen.end()) {
    char number[8];
    std::snprintf(number, sizeof number, "0x%02x", static_cast<unsigned>(missing - seen.begin()));
    throw InputError(place, std::string("the vocabulary has no token for the byte ") + number +
                                "; byte-level BPE needs one for each of the 256");
  }
  std::vector<std::pair<std::string, std::int32_t>> made;
  made.reserve(merges_.size());
  for (const auto& merge : merges_) {
    const auto text = texts.find(merge.merged);
    if (text != texts.end()) made.emplace_back(text->second, merge.merged);
  }
  auto model = std::make_unique<const Bpe>(byte_ids, merges_, made, std::move(words));
  return {std::move(model), std::move(ids_)};
}

ModelParts BpeBuilder::over_characters(CharacterBpe::Settings settings,
                                       const ModelSurroundings& around, bool ignores_merges) && {
  settings.merges = std::move(merges_);
  if (ignores_merges) {
    for (const auto& [token, id] : ids_) {
      if (!around.reserved.contains(token)) settings.words.emplace(token, id);
    }
  }
  auto model = std::make_unique<const CharacterBpe>(ids_, std::move(settings));
  return {std::move(model), std::move(ids_)};
}

}  // namespace lorafleet::model
