#include "model/text/tokenizer_files.hpp"

#include <optional>
#include <string>
#include <vector>

#include "model/files/json.hpp"
#include "model/text/tokenizer_config.hpp"
#include "model/text/tokenizer_json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

namespace {

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
  for (const char* known :
       {"GPT2Tokenizer", "GPT2TokenizerFast", "TokenizersBackend", "PreTrainedTokenizerFast"}) {
    if (kind.is_string() && kind.get<std::string>() == known) return;
  }
  if (!kind.is_null()) {
    throw InputError(place, "tokenizer_class " + kind.dump() +
                                " is not supported without a tokenizer.json; allowed: "
                                "GPT2Tokenizer, GPT2TokenizerFast, TokenizersBackend, "
                                "PreTrainedTokenizerFast");
  }
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
  const auto flag = optional_flag(files.config, "add_bos_token", files.config_file);
  if (flag) return *flag;
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

std::int32_t eos_id(const SpecialTokenFiles& files, const VocabularyBuilder& builder,
                    const Added& added) {
  const std::string place = files.config_file.string();
  auto eos = token_content(files.config.value("eos_token", json()), place);
  if (!eos) eos = token_content(files.map.value("eos_token", json()), files.map_file.string());
  const std::int32_t* id = eos ? find_token(*eos, builder, added) : nullptr;
  if (id == nullptr) throw InputError(place, "add_eos_token is true, but eos_token is no token");
  return *id;
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
  const Added added = read_added(files.added, files.added_file, files.config, files.config_file);
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
  std::vector<std::int32_t> suffix;
  if (optional_flag(files.config, "add_eos_token", files.config_file).value_or(false)) {
    suffix.push_back(eos_id(files, builder, added));
  }
  TokenizerSpec spec = std::move(builder).build(place);
  spec.prefix = std::move(prefix);
  spec.suffix = std::move(suffix);
  spec.warnings = token_contradictions(files.config, files.config_file, files.map, files.map_file);
  return spec;
}

}  // namespace

TokenizerSpec read_tokenizer_files(const std::filesystem::path& directory) {
  if (std::filesystem::exists(directory / "tokenizer.json")) {
    TokenizerSpec spec = read_tokenizer_json(directory / "tokenizer.json");
    apply_tokenizer_config(directory, spec);
    return spec;
  }
  if (std::filesystem::exists(directory / "vocab.json")) {
    return read_vocabulary_and_merges(directory);
  }
  throw InputError(directory.string(),
                   "no tokenizer: tokenizer.json, or vocab.json and merges.txt, was expected");
}

}  // namespace lorafleet::model
