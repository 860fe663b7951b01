#include "model/network/families/new_size.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace lorafleet::model {

Heads fewer_heads(const Heads& of, std::int64_t width, std::int64_t usual_width) {
  Heads heads;
  heads.queries = std::max<std::int64_t>(1, of.queries * width / usual_width);
  heads.keys = std::clamp<std::int64_t>(of.keys * width / usual_width, 1, heads.queries);
  while (heads.queries % heads.keys != 0)
    --heads.keys;
  return heads;
}

std::int64_t scaled(std::int64_t size, std::int64_t width, std::int64_t usual_width) {
  return std::max<std::int64_t>(1, size * width / usual_width);
}

void fit_special_tokens(nlohmann::ordered_json& config) {
  const auto vocabulary = config.at("vocab_size").get<std::int64_t>();
  for (const auto& [key, shipped] :
       {std::pair("bos_token_id", 2), std::pair("eos_token_id", 2), std::pair("pad_token_id", 1)}) {
    const auto found = config.find(key);
    if (found != config.end() && found->is_number() && *found >= vocabulary) *found = shipped;
  }
}

}  // namespace lorafleet::model
