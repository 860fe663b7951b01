#include "model/text/vocabulary.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>

#include "model/files/json.hpp"
#include "model/text/byte_alphabet.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

namespace {

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

}  // namespace

VocabularyBuilder::VocabularyBuilder(const nlohmann::json& vocabulary, const std::string& place) {
  if (!vocabulary.is_object()) {
    throw InputError(
        place, "an object of tokens and ids was expected, not " + std::string(kind_of(vocabulary)));
  }
  std::unordered_map<std::int32_t, const std::string*> tokens;
  for (const auto& [token, id] : vocabulary.get_ref<const nlohmann::json::object_t&>()) {
    if (!is_unsigned_up_to(id, std::numeric_limits<std::int32_t>::max())) {
      throw InputError(place, "token " + in_quotes(token) +
                                  ": the id must be an integer from 0 to 2147483647, not " +
                                  id.dump());
    }
    const auto [other, fresh] = tokens.emplace(id.get<std::int32_t>(), &token);
    if (!fresh) {
      throw InputError(place, "tokens " + in_quotes(*other->second) + " and " + in_quotes(token) +
                                  " have the same id, " + id.dump());
    }
    ids_.emplace(token, id.get<std::int32_t>());
  }
}

void VocabularyBuilder::add_merge(std::string_view left, std::string_view right,
                                  const std::string& place) {
  const auto id_of = [&](std::string_view token) {
    const std::int32_t* id = find(token);
    if (id == nullptr) {
      throw InputError(place, "the merge " + in_quotes(left) + " + " + in_quotes(right) +
                                  " needs the token " + in_quotes(token) +
                                  ", which the vocabulary has not");
    }
    return *id;
  };
  const std::string merged = std::string(left) + std::string(right);
  spec_.merges.push_back({id_of(left), id_of(right), id_of(merged)});
  const std::string pair = std::string(left) + ' ' + std::string(right);
  if (!ranks_.emplace(pair, static_cast<std::int32_t>(spec_.merges.size())).second) {
    throw InputError(place, "the merge " + in_quotes(pair) + " occurs twice");
  }
}

void VocabularyBuilder::add_merge(std::string_view pair, const std::string& place) {
  const std::size_t space = pair.find(' ');
  if (space == 0 || space == std::string_view::npos || space + 1 == pair.size() ||
      pair.find(' ', space + 1) != std::string_view::npos) {
    throw InputError(place,
                     "a merge must be two tokens with one space between, not " + in_quotes(pair));
  }
  add_merge(pair.substr(0, space), pair.substr(space + 1), place);
}

void VocabularyBuilder::add_token(AddedToken token, const std::string& place) {
  if (token.content.empty()) throw InputError(place, "an added token is empty");
  const std::int32_t* known = find(token.content);
  if (known != nullptr && *known != token.id) {
    throw InputError(place, "the added token " + in_quotes(token.content) + " has the id " +
                                std::to_string(token.id) + ", in the vocabulary it has " +
                                std::to_string(*known));
  }
  const auto other = std::find_if(spec_.added.begin(), spec_.added.end(), [&](const AddedToken& a) {
    return a.content == token.content || a.id == token.id;
  });
  if (other == spec_.added.end()) {
    spec_.added.push_back(std::move(token));
  } else if (other->content != token.content || other->id != token.id) {
    throw InputError(place, "the added tokens " + in_quotes(other->content) + " and " +
                                in_quotes(token.content) + " share a name or an id");
  }
}

const std::int32_t* VocabularyBuilder::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? nullptr : &found->second;
}

TokenizerSpec VocabularyBuilder::build(const std::string& place) && {
  for (const auto& token : spec_.added) {
    spec_.tokens.emplace(token.id, token.content);
  }
  const auto is_added = [this](const std::string& token) {
    return std::any_of(spec_.added.begin(), spec_.added.end(),
                       [&token](const AddedToken& added) { return added.content == token; });
  };
  std::array<bool, 256> seen{};
  for (const auto& [token, id] : ids_) {
    if (is_added(token)) continue;
    const std::optional<std::string> bytes = bytes_from_alphabet(token);
    if (!bytes || bytes->empty()) {
      throw InputError(place, "token " + in_quotes(token) + " (id " + std::to_string(id) +
                                  ") is not written in the alphabet of byte-level BPE");
    }
    if (!spec_.tokens.emplace(id, *bytes).second) {
      throw InputError(place, "the id " + std::to_string(id) + " of " + in_quotes(token) +
                                  " is also that of an added token");
    }
    if (bytes->size() == 1) {
      const auto byte = static_cast<unsigned char>(bytes->front());
      seen[byte] = true;
      spec_.byte_ids[byte] = id;
    }
  }
  if (const auto missing = std::find(seen.begin(), seen.end(), false); missing != seen.end()) {
    char number[8];
    std::snprintf(number, sizeof number, "0x%02x", static_cast<unsigned>(missing - seen.begin()));
    throw InputError(place, std::string("the vocabulary has no token for the byte ") + number +
                                "; byte-level BPE needs one for each of the 256");
  }
  return std::move(spec_);
}

}  // namespace lorafleet::model
