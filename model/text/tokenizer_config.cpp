#include "model/text/tokenizer_config.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "model/files/json.hpp"
#include "model/text/pipeline/models/token_ids.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

namespace {

/// The texts of the tokens, for messages.
std::string named(const TokenizerSpec& spec, const std::vector<std::int32_t>& ids) {
  std::vector<std::string> names;
  for (const std::int32_t id : ids)
    names.push_back(in_quotes(spec.tokens.at(id)));
  return names.empty() ? "nothing" : join(names);
}

std::optional<std::int32_t> id_of(const TokenizerSpec& spec, const std::string& content) {
  for (const auto& token : spec.added) {
    if (token.content == content) return token.id;
  }
  for (const auto& [id, text] : spec.tokens) {
    if (text == content) return id;
  }
  return std::nullopt;
}

class Settings {
 public:
  Settings(const std::filesystem::path& directory, TokenizerSpec& spec)
      : file_(directory / "tokenizer_config.json"),
        map_file_(directory / "special_tokens_map.json"),
        config_(read_optional_object(file_)),
        map_(read_optional_object(map_file_)),
        spec_(spec) {}

  void apply() {
    // Elsewhere than at ByteLevel, the flag says again what tokenizer.json does.
    const bool adds_none = spec_.bytes && spec_.pre_tokenizer->keeps_text();
    if (adds_none && optional_flag(config_, "add_prefix_space", file_).value_or(false)) {
      throw InputError(file_.string(), "add_prefix_space must be false");
    }
    add_tokens();
    if (const auto ids = decide("add_bos_token", "bos_token", "in front of", spec_.around.prefix()))
      spec_.around.replace_prefix(*ids);
    if (const auto ids = decide("add_eos_token", "eos_token", "behind", spec_.around.suffix()))
      spec_.around.replace_suffix(*ids);
    for (auto& warning : token_contradictions(config_, file_, map_, map_file_))
      spec_.warnings.push_back(std::move(warning));
  }

 private:
  void add_tokens() {
    for (const auto& [content, token] : read_added(json::object(), {}, config_, file_)) {
      const auto known = std::find_if(
          spec_.added.begin(), spec_.added.end(),
          [&sought = token.content](const AddedToken& other) { return other.content == sought; });
      if (known != spec_.added.end()) {
        if (known->id != token.id) {
          warn("added_tokens_decoder gives " + in_quotes(content) + " the id " +
               std::to_string(token.id) + ", tokenizer.json " + std::to_string(known->id) +
               ": tokenizer.json counts");
        }
        continue;
      }
      const auto holder = spec_.tokens.find(token.id);
      if (holder != spec_.tokens.end() && holder->second != content) {
        warn("added_tokens_decoder gives " + in_quotes(content) + " the id " +
             std::to_string(token.id) + ", which in tokenizer.json is that of " +
             in_quotes(holder->second) + ": tokenizer.json counts, and " + in_quotes(content) +
             " is no token");
        continue;
      }
      spec_.tokens.emplace(token.id, content);
      spec_.added.push_back(token);
    }
  }

  /// What the flag wants around a text, where that is not what is there.
  std::optional<std::vector<std::int32_t>> decide(const char* flag_key, const char* token_key,
                                                  const char* where,
                                                  const std::vector<std::int32_t>& around) {
    const auto flag = optional_flag(config_, flag_key, file_);
    if (!flag) return std::nullopt;
    std::vector<std::int32_t> wanted;
    if (*flag) wanted.push_back(needed_token(flag_key, token_key));
    if (wanted == around) return std::nullopt;
    warn(std::string(flag_key) + " puts " + named(spec_, wanted) + ' ' + where +
         " a text, the post-processor of tokenizer.json " + named(spec_, around) + ": " + flag_key +
         " counts");
    return wanted;
  }

  std::int32_t needed_token(const char* flag_key, const char* token_key) {
    auto content = token_content(config_.value(token_key, json()), file_.string());
    if (!content) content = token_content(map_.value(token_key, json()), map_file_.string());
    if (!content) {
      throw InputError(file_.string(),
                       std::string(flag_key) + " is true, but no " + token_key + " is named");
    }
    const auto id = id_of(spec_, *content);
    if (!id) {
      throw InputError(file_.string(), std::string(flag_key) + " is true, but the " + token_key +
                                           ", " + in_quotes(*content) + ", is not a token");
    }
    return *id;
  }

  void warn(const std::string& what) { spec_.warnings.push_back(file_.string() + ": " + what); }

  std::filesystem::path file_;
  std::filesystem::path map_file_;
  json config_;
  json map_;
  TokenizerSpec& spec_;
};

}  // namespace

json read_optional_object(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return json::object();
  json value = parse_json(read_file(file), file.string());
  if (!value.is_object()) {
    throw InputError(file.string(), "an object was expected, not " + std::string(kind_of(value)));
  }
  return value;
}

std::optional<std::string> token_content(const json& value, const std::string& place) {
  if (value.is_null()) return std::nullopt;
  const json* content = &value;
  if (value.is_object() && value.contains("content")) content = &value["content"];
  if (!content->is_string()) {
    throw InputError(
        place, "a token must be a string or an object with one as content, not " + value.dump());
  }
  return content->get<std::string>();
}

void refuse_stripping(const json& token, const std::string& place) {
  for (const char* key : {"single_word", "lstrip", "rstrip"}) {
    if (token.is_object() && token.value(key, json()) == true) {
      throw InputError(place, std::string(key) + " = true is not supported");
    }
  }
}

std::optional<bool> optional_flag(const json& object, const char* key,
                                  const std::filesystem::path& file) {
  const json flag = object.value(key, json());
  if (flag.is_null()) return std::nullopt;
  if (!flag.is_boolean()) {
    throw InputError(file.string(), std::string(key) + " must be true or false");
  }
  return flag.get<bool>();
}

Added read_added(const json& added_tokens, const std::filesystem::path& added_file,
                 const json& config, const std::filesystem::path& config_file) {
  Added added;
  const auto add = [&](const std::string& content, const json& id, const json& flags,
                       const std::string& place) {
    if (content.empty()) throw InputError(place, "an added token is empty");
    if (!is_unsigned_up_to(id, std::numeric_limits<std::int32_t>::max())) {
      throw InputError(place, "the id of the added token \"" + content +
                                  "\" must be an integer from 0 to 2147483647, not " + id.dump());
    }
    const auto flag = [&](const char* key) {
      return flags.is_object() && flags.value(key, json()) == true;
    };
    AddedToken& token = added[content];
    token = {content, id.get<std::int32_t>(), flag("special")};
    token.single_word = flag("single_word");
    token.lstrip = flag("lstrip");
    token.rstrip = flag("rstrip");
    token.normalized = flag("normalized");
  };
  for (const auto& [content, id] : added_tokens.items()) {
    add(content, id, json(), added_file.string());
  }
  const std::string place = config_file.string() + ": added_tokens_decoder";
  const json decoder = config.value("added_tokens_decoder", json::object());
  if (!decoder.is_object()) throw InputError(place, "an object was expected");
  for (const auto& [id, token] : decoder.items()) {
    const auto content = token_content(token, place);
    if (!content) throw InputError(place, "the token of id " + id + " has no content");
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(id.data(), id.data() + id.size(), number);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == id.data() + id.size();
    add(*content, whole ? json(number) : json(id), token, place);
  }
  return added;
}

std::vector<std::string> token_contradictions(const json& config,
                                              const std::filesystem::path& config_file,
                                              const json& map,
                                              const std::filesystem::path& map_file) {
  std::vector<std::string> warnings;
  for (const char* key : {"bos_token", "eos_token"}) {
    const auto one = token_content(config.value(key, json()), config_file.string());
    const auto other = token_content(map.value(key, json()), map_file.string());
    if (!one || !other || *one == *other) continue;
    warnings.push_back(config_file.string() + ": " + key + " is " + in_quotes(*one) + ", in " +
                       map_file.filename().string() + " it is " + in_quotes(*other) +
                       ": tokenizer_config.json counts");
  }
  return warnings;
}

void apply_tokenizer_config(const std::filesystem::path& directory, TokenizerSpec& spec) {
  Settings(directory, spec).apply();
}

}  // namespace lorafleet::model
