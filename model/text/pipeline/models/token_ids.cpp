#include "model/text/pipeline/models/token_ids.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

TokenIds read_token_ids(const nlohmann::json& vocabulary, const std::string& place) {
  if (!vocabulary.is_object()) {
    throw InputError(
        place, "an object of tokens and ids was expected, not " + std::string(kind_of(vocabulary)));
  }
  TokenIds ids;
  std::unordered_map<std::int32_t, const std::string*> tokens;
  for (const auto& [token, id] : vocabulary.get_ref<const nlohmann::json::object_t&>()) {
    if (!is_unsigned_up_to(id, std::numeric_limits<std::int32_t>::max())) {
      throw InputError(place, "token \"" + token +
                                  "\": the id must be an integer from 0 to 2147483647, not " +
                                  id.dump());
    }
    const auto [other, fresh] = tokens.emplace(id.get<std::int32_t>(), &token);
    if (!fresh) {
      throw InputError(place, "tokens \"" + *other->second + "\" and \"" + token +
                                  "\" have the same id, " + id.dump());
    }
    ids.emplace(token, id.get<std::int32_t>());
  }
  return ids;
}

const std::int32_t* find_token(const TokenIds& ids, std::string_view token) {
  const auto found = ids.find(token);
  return found == ids.end() ? nullptr : &found->second;
}

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

}  // namespace lorafleet::model
