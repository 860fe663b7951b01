#include "model/tokenizer_files.hpp"

#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/json.hpp"
#include "model/tokenizer_json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

namespace {

/// The file as an object; an empty one where it does not exist.
json read_optional_object(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return json::object();
  json value = parse_json(read_file(file), file.string());
  if (!value.is_object()) {
    throw InputError(file.string(), "an object was expected, not " + std::string(kind_of(value)));
  }
  return value;
}

/// The files beside vocab.json that say which tokens are special.
struct SpecialTokenFiles {
  explicit SpecialTokenFiles(const std::filesystem::path& directory)
      : map_file(directory / "special_tokens_map.json"),
        config_file(directory / "tokenizer_config.json"),
        added_file(directory / "added_tokens.json"),
        map(read_optional_object(map_file)),
        config(read_optional_object(config_file)),
        added(read_optional_object(added_file)) {}

  std::filesystem::path map_file;
  std::filesystem::path config_file;
  std::filesystem::path added_file;
  json map;
  json config;
  json added;
};

/// Refuses what would change the ids and is not implemented.
void check_config(const SpecialTokenFiles& files) {
  const std::string place = files.config_file.string();
  if (files.config.value("add_prefix_space", json(false)) == true) {
    throw InputError(place, "add_prefix_space must be false");
  }
  const json kind = files.config.value("tokenizer_class", json());
  if (!kind.is_null() && kind != "GPT2Tokenizer" && kind != "GPT2TokenizerFast") {
    throw InputError(place, "tokenizer_class " + kind.dump() +
                                " is not supported; allowed: GPT2Tokenizer, GPT2TokenizerFast");
  }
}

/// A token is given as a string, as an object with `content`, or as null for none.
std::optional<std::string> token_content(const json& value, const std::string& place) {
  if (value.is_null()) return std::nullopt;
  const json* content = &value;
  for (const char* key : {"single_word", "lstrip", "rstrip"}) {
    if (value.is_object() && value.value(key, json()) == true) {
      throw InputError(place, std::string(key) + " = true is not supported");
    }
  }
  if (value.is_object() && value.contains("content")) content = &value["content"];
  if (!content->is_string()) {
    throw InputError(
        place, "a token must be a string or an object with one as content, not " + value.dump());
  }
  return content->get<std::string>();
}

using Added = std::map<std::string, AddedToken>;

/// The tokens of added_tokens.json and of tokenizer_config.json's added_tokens_decoder.
Added read_added(const SpecialTokenFiles& files) {
  Added added;
  const auto add = [&](const std::string& content, const json& id, bool special,
                       const std::string& place) {
    if (!id.is_number_integer() || id < 0 || id > std::numeric_limits<std::int32_t>::max()) {
      throw InputError(place, "the id of the added token \"" + content +
                                  "\" must be an integer from 0 to 2147483647, not " + id.dump());
    }
    added[content] = {content, id.get<std::int32_t>(), special};
  };
  for (const auto& [content, id] : files.added.items()) {
    add(content, id, false, files.added_file.string());
  }
  const std::string place = files.config_file.string() + ": added_tokens_decoder";
  const json decoder = files.config.value("added_tokens_decoder", json::object());
  if (!decoder.is_object()) throw InputError(place, "an object was expected");
  for (const auto& [id, token] : decoder.items()) {
    const auto content = token_content(token, place);
    if (!content) throw InputError(place, "the token of id " + id + " has no content");
    std::int32_t number = -1;
    const auto parsed = std::from_chars(id.data(), id.data() + id.size(), number);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == id.data() + id.size();
    add(*content, whole ? json(number) : json(id),
        token.is_object() && token.value("special", json()) == true, place);
  }
  return added;
}

/// The id of a token of the vocabulary, or of an added one; nullptr for neither.
const std::int32_t* find_token(const std::string& content, const VocabularyBuilder& builder,
                               const Added& added) {
  if (const std::int32_t* id = builder.find(content)) return id;
  const auto found = added.find(content);
  return found == added.end() ? nullptr : &found->second.id;
}

void add_special(const std::string& content, const std::string& place, const Added& added,
                 VocabularyBuilder& builder) {
  const std::int32_t* id = find_token(content, builder, added);
  if (id == nullptr) {
    throw InputError(place, "the special token \"" + content +
                                "\" is neither in vocab.json nor in added_tokens.json");
  }
  builder.add_token({content, *id, true}, place);
}

/// Returns whether `source` named any.
bool add_named_specials(const json& source, const std::filesystem::path& file, const Added& added,
                        VocabularyBuilder& builder) {
  bool any = false;
  const auto add = [&](const json& value, const std::string& key) {
    const std::string place = file.string() + ": " + key;
    if (const auto content = token_content(value, place)) {
      add_special(*content, place, added, builder);
      any = true;
    }
  };
  for (const char* key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                          "cls_token", "mask_token"}) {
    if (source.contains(key)) add(source[key], key);
  }
  if (source.contains("additional_special_tokens")) {
    const json& list = source["additional_special_tokens"];
    if (!list.is_array() && !list.is_null()) {
      throw InputError(file.string(), "additional_special_tokens must be an array");
    }
    for (const json& value : list) {
      add(value, "additional_special_tokens");
    }
  }
  return any;
}

bool has_opt_order(const VocabularyBuilder& builder) {
  std::int32_t expected = 0;
  for (const char* token : {"<s>", "<pad>", "</s>", "<unk>"}) {
    const std::int32_t* id = builder.find(token);
    if (id == nullptr || *id != expected++) return false;
  }
  return true;
}

void add_default_specials(VocabularyBuilder& builder, const std::string& place) {
  if (has_opt_order(builder)) {
    add_special("</s>", place, {}, builder);
    add_special("<pad>", place, {}, builder);
  } else if (builder.find("<|endoftext|>") != nullptr) {
    add_special("<|endoftext|>", place, {}, builder);
  }
}

bool adds_bos(const std::filesystem::path& directory, const SpecialTokenFiles& files,
              const VocabularyBuilder& builder) {
  const json flag = files.config.value("add_bos_token", json());
  if (flag.is_boolean()) return flag.get<bool>();
  if (!flag.is_null()) {
    throw InputError(files.config_file.string(), "add_bos_token must be true or false");
  }
  const json model_type =
      read_optional_object(directory / "config.json").value("model_type", json());
  return model_type.is_null() ? has_opt_order(builder) : model_type == "opt";
}

/// The content of bos: as the files name it, else OPT's `</s>`.
std::string bos_content(const SpecialTokenFiles& files) {
  const auto in_config =
      token_content(files.config.value("bos_token", json()), files.config_file.string());
  if (in_config) return *in_config;
  return token_content(files.map.value("bos_token", json()), files.map_file.string())
      .value_or("</s>");
}

void read_merges(const std::filesystem::path& file, VocabularyBuilder& builder) {
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    if (line.empty() || (number == 1 && line.starts_with("#version"))) return;
    builder.add_merge(line, at_line(file.string(), number));
  });
}

TokenizerSpec read_vocabulary_and_merges(const std::filesystem::path& directory) {
  const auto vocabulary_file = directory / "vocab.json";
  const std::string place = vocabulary_file.string();
  VocabularyBuilder builder(parse_json(read_file(vocabulary_file), place), place);
  read_merges(directory / "merges.txt", builder);

  const SpecialTokenFiles files(directory);
  check_config(files);
  const Added added = read_added(files);
  const bool named_in_map = add_named_specials(files.map, files.map_file, added, builder);
  const bool named_in_config = add_named_specials(files.config, files.config_file, added, builder);
  if (!named_in_map && !named_in_config) add_default_specials(builder, place);
  for (const auto& [content, token] : added) {
    builder.add_token(token, place);
  }

  std::vector<std::int32_t> prefix;
  if (adds_bos(directory, files, builder)) {
    const std::string bos = bos_content(files);
    const std::int32_t* id = find_token(bos, builder, added);
    if (id == nullptr) {
      throw InputError(place, "\"" + bos + "\", which is put before each text, is not in it");
    }
    prefix.push_back(*id);
  }
  TokenizerSpec spec = std::move(builder).build(place);
  spec.prefix = std::move(prefix);
  return spec;
}

}  // namespace

TokenizerSpec read_tokenizer_files(const std::filesystem::path& directory) {
  if (std::filesystem::exists(directory / "tokenizer.json")) {
    return read_tokenizer_json(directory / "tokenizer.json");
  }
  if (std::filesystem::exists(directory / "vocab.json")) {
    return read_vocabulary_and_merges(directory);
  }
  throw InputError(directory.string(),
                   "no tokenizer: tokenizer.json, or vocab.json and merges.txt, was expected");
}

}  // namespace lorafleet::model
