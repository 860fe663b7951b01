#include "model/tokenizer_files.hpp"

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
        map(read_optional_object(map_file)),
        config(read_optional_object(config_file)) {}

  std::filesystem::path map_file;
  std::filesystem::path config_file;
  json map;
  json config;
};

/// A token is given as a string, as an object with `content`, or as null for none.
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

void add_special(const std::string& content, const std::string& place, VocabularyBuilder& builder) {
  const std::int32_t* id = builder.find(content);
  if (id == nullptr) {
    throw InputError(place, "the special token \"" + content + "\" is not in vocab.json");
  }
  builder.add_token({content, *id, true}, place);
}

/// Returns whether `source` named any.
bool add_named_specials(const json& source, const std::filesystem::path& file,
                        VocabularyBuilder& builder) {
  bool any = false;
  const auto add = [&](const json& value, const std::string& key) {
    const std::string place = file.string() + ": " + key;
    if (const auto content = token_content(value, place)) {
      add_special(*content, place, builder);
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
    add_special("</s>", place, builder);
    add_special("<pad>", place, builder);
  } else if (builder.find("<|endoftext|>") != nullptr) {
    add_special("<|endoftext|>", place, builder);
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
  const bool named_in_map = add_named_specials(files.map, files.map_file, builder);
  const bool named_in_config = add_named_specials(files.config, files.config_file, builder);
  if (!named_in_map && !named_in_config) add_default_specials(builder, place);

  std::vector<std::int32_t> prefix;
  if (adds_bos(directory, files, builder)) {
    const std::string bos = bos_content(files);
    const std::int32_t* id = builder.find(bos);
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
