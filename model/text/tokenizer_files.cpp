#include "model/text/tokenizer_files.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/files/json.hpp"
#include "model/text/pipeline/models/bpe_builder.hpp"
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

/// What is known of the tokens while the files are read.
struct KnownTokens {
  TokenIds vocabulary;
  Added beyond;                   ///< of added_tokens.json and added_tokens_decoder
  std::vector<AddedToken> added;  ///< what is cut out of a text

  /// nullptr where there is no such token.
  [[nodiscard]] const std::int32_t* find(const std::string& content) const {
    if (const auto* id = find_token(vocabulary, content)) return id;
    const auto found = beyond.find(content);
    return found == beyond.end() ? nullptr : &found->second.id;
  }
  void add(AddedToken token, const std::string& place) {
    add_token(std::move(token), vocabulary, added, place);
  }
};

void add_special(const std::string& content, const std::string& place, KnownTokens& tokens) {
  const std::int32_t* id = tokens.find(content);
  if (id == nullptr) {
    throw InputError(place, "the special token \"" + content +
                                "\" is neither in vocab.json nor in added_tokens.json");
  }
  tokens.add({content, *id, true}, place);
}

/// Returns whether `source` named any.
bool add_named_specials(const json& source, const std::filesystem::path& file,
                        KnownTokens& tokens) {
  bool any = false;
  const auto add = [&](const json& value, const std::string& key) {
    const std::string place = file.string() + ": " + key;
    if (const auto content = token_content(value, place)) {
      refuse_stripping(value, place);
      add_special(*content, place, tokens);
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

/// Whether the vocabulary begins as fairseq's do.
bool has_fairseq_order(const KnownTokens& tokens) {
  std::int32_t expected = 0;
  for (const char* token : {"<s>", "<pad>", "</s>", "<unk>"}) {
    const std::int32_t* id = find_token(tokens.vocabulary, token);
    if (id == nullptr || *id != expected++) return false;
  }
  return true;
}

void add_default_specials(KnownTokens& tokens, const std::string& place) {
  if (has_fairseq_order(tokens)) {
    add_special("</s>", place, tokens);
    add_special("<pad>", place, tokens);
  } else if (find_token(tokens.vocabulary, "<|endoftext|>") != nullptr) {
    add_special("<|endoftext|>", place, tokens);
  }
}

/// The only family whose texts begin with bos where no file of the tokenizer says so.
constexpr const char* kBeginsWithBos = "opt";

bool adds_bos(const std::filesystem::path& directory, const SpecialTokenFiles& files,
              const KnownTokens& tokens) {
  const auto flag = optional_flag(files.config, "add_bos_token", files.config_file);
  if (flag) return *flag;
  const json model_type =
      read_optional_object(directory / "config.json").value("model_type", json());
  return model_type.is_null() ? has_fairseq_order(tokens) : model_type == kBeginsWithBos;
}

/// The content of bos: as the files name it, else `</s>`.
std::string bos_content(const SpecialTokenFiles& files) {
  const auto in_config =
      token_content(files.config.value("bos_token", json()), files.config_file.string());
  if (in_config) return *in_config;
  return token_content(files.map.value("bos_token", json()), files.map_file.string())
      .value_or("</s>");
}

std::int32_t eos_id(const SpecialTokenFiles& files, const KnownTokens& tokens) {
  const std::string place = files.config_file.string();
  auto eos = token_content(files.config.value("eos_token", json()), place);
  if (!eos) eos = token_content(files.map.value("eos_token", json()), files.map_file.string());
  const std::int32_t* id = eos ? tokens.find(*eos) : nullptr;
  if (id == nullptr) throw InputError(place, "add_eos_token is true, but eos_token is no token");
  return *id;
}

void read_merges(const std::filesystem::path& file, BpeBuilder& builder) {
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    if (line.empty() || (number == 1 && line.starts_with("#version"))) return;
    builder.add_merge(line, at_line(file.string(), number));
  });
}

/// The tokens that the files name, and what stands around a text.
KnownTokens read_tokens(const SpecialTokenFiles& files, const TokenIds& vocabulary,
                        const std::string& place) {
  KnownTokens tokens{vocabulary, {}, {}};
  tokens.beyond = read_added(files.added, files.added_file, files.config, files.config_file);
  const bool named_in_map = add_named_specials(files.map, files.map_file, tokens);
  const bool named_in_config = add_named_specials(files.config, files.config_file, tokens);
  if (!named_in_map && !named_in_config) add_default_specials(tokens, place);
  for (const auto& [content, token] : tokens.beyond) {
    if (token.lstrip || token.rstrip || token.single_word) {
      throw InputError(files.config_file.string() + ": added_tokens_decoder",
                       "lstrip, rstrip or single_word = true is not supported without a "
                       "tokenizer.json");
    }
    tokens.add({content, token.id, token.special}, place);
  }
  return tokens;
}

TokenizerSpec read_vocabulary_and_merges(const std::filesystem::path& directory) {
  const auto vocabulary_file = directory / "vocab.json";
  const std::string place = vocabulary_file.string();
  BpeBuilder builder(parse_json(read_file(vocabulary_file), place), place);
  read_merges(directory / "merges.txt", builder);

  const SpecialTokenFiles files(directory);
  check_config(files);
  TokenizerSpec spec;
  const KnownTokens tokens = read_tokens(files, builder.ids(), place);
  spec.added = tokens.added;
  if (adds_bos(directory, files, tokens)) {
    const std::string bos = bos_content(files);
    const std::int32_t* id = tokens.find(bos);
    if (id == nullptr) {
      throw InputError(place, "\"" + bos + "\", which is put before each text, is not in it");
    }
    spec.around.replace_prefix({*id});
  }
  if (optional_flag(files.config, "add_eos_token", files.config_file).value_or(false)) {
    spec.around.replace_suffix({eos_id(files, tokens)});
  }
  spec.tokens = texts_by_id(tokens.vocabulary, spec.added, place);
  spec.bytes = true;
  spec.model = std::move(builder).over_bytes(surroundings_of(spec.added, true), false, place).model;
  const json byte_level = {{"add_prefix_space", false}};
  spec.pre_tokenizer = make_byte_level(Setting(byte_level, place));
  spec.decoder = make_byte_level_decoder(Setting(byte_level, place));
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
  if (std::filesystem::exists(directory / "tokenizer.model")) {
    throw InputError(
        (directory / "tokenizer.model").string(),
        "sentencepiece's own file is not supported; make a tokenizer.json of it, with "
        "AutoTokenizer.from_pretrained(folder).save_pretrained(folder) of Hugging Face's "
        "transformers");
  }
  throw InputError(directory.string(),
                   "no tokenizer: tokenizer.json, or vocab.json and merges.txt, was expected");
}

}  // namespace lorafleet::model
