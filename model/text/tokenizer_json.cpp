#include "model/text/tokenizer_json.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "model/files/json.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

namespace {

/// A token that is not special is ordinary vocabulary, and stands for its text in data too.
std::vector<AddedToken> read_added_tokens(const Setting& tokens) {
  std::vector<AddedToken> added;
  if (tokens.is_null()) return added;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Setting token = tokens.item(i);
    if (!token.at("content").is_string()) token.refuse("content must be a string");
    AddedToken one;
    one.content = token.at("content").text();
    one.id = token.at("id").id(token);
    one.special = token.at("special").flag_or(false);
    one.everywhere = !one.special;
    one.single_word = token.at("single_word").flag_or(false);
    one.lstrip = token.at("lstrip").flag_or(false);
    one.rstrip = token.at("rstrip").flag_or(false);
    one.normalized = token.at("normalized").flag_or(!one.special);
    added.push_back(std::move(one));
  }
  return added;
}

void check_ids(const Setting& setting, const TokenizerSpec& spec) {
  for (const auto* parts : {&spec.around.single, &spec.around.pair}) {
    for (const auto& part : *parts) {
      if (part.kind == PostProcessor::Kind::special && !spec.tokens.contains(part.id)) {
        setting.refuse("there is no token with the id " + std::to_string(part.id));
      }
    }
  }
}

}  // namespace

TokenizerSpec read_tokenizer_json(const std::filesystem::path& file) {
  const nlohmann::json json = parse_json(read_file(file), file.string());
  const Setting root(json, file.string());
  if (!root.is_object()) root.refuse("an object was expected");
  TokenizerSpec spec;
  const Setting pre_tokenizer = root.at("pre_tokenizer");
  spec.normalizer = make_normalizer(root.at("normalizer"));
  spec.pre_tokenizer = make_pre_tokenizer(pre_tokenizer);
  spec.bytes = ends_with_byte_level(pre_tokenizer);
  spec.decoder = make_decoder(root.at("decoder"));
  if (!spec.decoder && spec.bytes) spec.decoder = make_byte_level_decoder(root);

  const Setting added_tokens = root.at("added_tokens");
  const auto added = read_added_tokens(added_tokens);
  ModelParts parts = make_model(root.at("model"), surroundings_of(added, spec.bytes));
  spec.model = std::move(parts.model);
  for (std::size_t i = 0; i < added.size(); ++i)
    add_token(added[i], parts.ids, spec.added, added_tokens.item(i).place());
  spec.tokens = texts_by_id(parts.ids, spec.added, root.at("model").at("vocab").place());

  const Setting post_processor = root.at("post_processor");
  spec.around = *make_post_processor(post_processor);
  check_ids(post_processor, spec);
  return spec;
}

}  // namespace lorafleet::model
