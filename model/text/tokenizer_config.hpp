#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/text/tokenizer_spec.hpp"

namespace lorafleet::model {

/// What a tokenizer's folder has beside tokenizer.json, or beside vocab.json and merges.txt. All
/// errors are InputErrors that name the file.

/// The file as an object; an empty one where it does not exist.
nlohmann::json read_optional_object(const std::filesystem::path& file);
/// A token is given as a string, as an object with `content`, or as null for none.
std::optional<std::string> token_content(const nlohmann::json& value, const std::string& place);
/// Throws where the object asks for `lstrip`, `rstrip` or `single_word`.
void refuse_stripping(const nlohmann::json& token, const std::string& place);
/// true, false, or nothing where the key is absent or null.
std::optional<bool> optional_flag(const nlohmann::json& object, const char* key,
                                  const std::filesystem::path& file);

using Added = std::map<std::string, AddedToken>;
/// The tokens of added_tokens.json (`added`) and of tokenizer_config.json's added_tokens_decoder.
Added read_added(const nlohmann::json& added, const std::filesystem::path& added_file,
                 const nlohmann::json& config, const std::filesystem::path& config_file);

/// A warning where both files name the token `key` ("bos_token"), and differently.
std::vector<std::string> token_contradictions(const nlohmann::json& config,
                                              const std::filesystem::path& config_file,
                                              const nlohmann::json& map,
                                              const std::filesystem::path& map_file);

/// Applies tokenizer_config.json to what tokenizer.json says:
/// `add_bos_token` and `add_eos_token`, where they are given, decide what stands in front of and
/// behind a text in place of the post-processor; added_tokens_decoder adds the tokens that
/// tokenizer.json has not; for everything else, ids above all, tokenizer.json counts. A
/// contradiction becomes one of `spec.warnings`.
void apply_tokenizer_config(const std::filesystem::path& directory, TokenizerSpec& spec);

}  // namespace lorafleet::model
