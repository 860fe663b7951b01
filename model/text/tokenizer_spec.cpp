#include "model/text/tokenizer_spec.hpp"

#include <algorithm>
#include <utility>

#include "model/text/pipeline/models/token_ids.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

void add_token(AddedToken token, const TokenIds& ids, std::vector<AddedToken>& added,
               const std::string& place) {
  if (token.content.empty()) throw InputError(place, "an added token is empty");
  const std::int32_t* known = find_token(ids, token.content);
  if (known != nullptr && *known != token.id) {
    throw InputError(place, "the added token " + in_quotes(token.content) + " has the id " +
                                std::to_string(token.id) + ", in the vocabulary it has " +
                                std::to_string(*known));
  }
  token.of_model = known != nullptr;
  const auto other = std::find_if(added.begin(), added.end(), [&](const AddedToken& a) {
    return a.content == token.content || a.id == token.id;
  });
  if (other == added.end()) {
    added.push_back(std::move(token));
  } else if (other->content != token.content || other->id != token.id) {
    throw InputError(place, "the added tokens " + in_quotes(other->content) + " and " +
                                in_quotes(token.content) + " share a name or an id");
  }
}

std::map<std::int32_t, std::string> texts_by_id(const TokenIds& ids,
                                                const std::vector<AddedToken>& added,
                                                const std::string& place) {
  std::map<std::int32_t, std::string> texts;
  for (const auto& token : added)
    texts.emplace(token.id, token.content);
  for (const auto& [token, id] : ids) {
    const auto [holder, fresh] = texts.emplace(id, token);
    if (!fresh && holder->second != token) {
      throw InputError(place, "the id " + std::to_string(id) + " of " + in_quotes(token) +
                                  " is also that of an added token");
    }
  }
  if (texts.empty()) throw InputError(place, "there is no token at all");
  return texts;
}

ModelSurroundings surroundings_of(const std::vector<AddedToken>& added, bool bytes) {
  ModelSurroundings around;
  around.bytes = bytes;
  for (const AddedToken& token : added) {
    around.added.insert(token.content);
    if (!token.everywhere) around.reserved.insert(token.content);
  }
  return around;
}

}  // namespace lorafleet::model
