// BPE as tokenizer.json has it.

#include <nlohmann/json.hpp>
#include <string>

#include "model/text/pipeline/byte_tokens.hpp"
#include "model/text/pipeline/models/bpe_builder.hpp"

namespace lorafleet::model {

namespace {

void refuse_what_is_not_there(const Setting& model) {
  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    const Setting setting = model.at(key);
    const auto& value = setting.value();
    if (value.is_null() || value == false || value == 0 || value == "") continue;
    model.refuse(std::string(key) + " = " + setting.shown() + " is not supported");
  }
}

void read_merges(const Setting& merges, BpeBuilder& builder) {
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const Setting merge = merges.item(i);
    if (merge.is_string()) {
      builder.add_merge(merge.text(), merge.place());
    } else if (merge.is_array() && merge.size() == 2 && merge.item(0).is_string() &&
               merge.item(1).is_string()) {
      builder.add_merge(merge.item(0).text(), merge.item(1).text(), merge.place());
    } else {
      merge.refuse("must be \"left right\" or [\"left\", \"right\"], not " + merge.shown());
    }
  }
}

std::vector<std::int32_t> byte_ids(const TokenIds& ids) {
  std::vector<std::int32_t> bytes;
  for (int byte = 0; byte < 256; ++byte) {
    const auto* id = find_token(ids, byte_token(static_cast<unsigned char>(byte)));
    bytes.push_back(id == nullptr ? -1 : *id);
  }
  return bytes;
}

}  // namespace

ModelParts make_bpe(const Setting& setting, const ModelSurroundings& around) {
  refuse_what_is_not_there(setting);
  const Setting vocabulary = setting.at("vocab");
  BpeBuilder builder(vocabulary.value(), vocabulary.place());
  read_merges(setting.at("merges"), builder);
  const bool ignores_merges = setting.at("ignore_merges").flag_or(false);
  const bool falls_back = setting.at("byte_fallback").flag_or(false);
  if (around.bytes) {
    return std::move(builder).over_bytes(around, ignores_merges, vocabulary.place());
  }
  CharacterBpe::Settings characters;
  characters.fuses_unknown = setting.at("fuse_unk").flag_or(false);
  if (falls_back) characters.bytes = byte_ids(builder.ids());
  const Setting unknown = setting.at("unk_token");
  if (!unknown.is_null()) {
    const auto* id = find_token(builder.ids(), unknown.text());
    if (id == nullptr) unknown.refuse("the vocabulary has no token " + unknown.shown());
    characters.unknown = *id;
  }
  return std::move(builder).over_characters(std::move(characters), around, ignores_merges);
}

}  // namespace lorafleet::model
