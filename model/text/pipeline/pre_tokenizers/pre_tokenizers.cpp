#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"

#include "model/text/pipeline/registry.hpp"

namespace lorafleet::model {

namespace {

constexpr PartEntry<PreTokenizer> kPreTokenizers[] = {
    {"ByteLevel", make_byte_level},    {"Split", make_split},
    {"Digits", make_digits},           {"Metaspace", make_metaspace},
    {"Whitespace", make_whitespace},   {"WhitespaceSplit", make_whitespace_split},
    {"Punctuation", make_punctuation}, {"Sequence", make_pre_tokenizer_sequence},
};

}  // namespace

PreTokenizerPtr make_pre_tokenizer(const Setting& setting) {
  if (setting.is_null()) return nullptr;
  return make_part<PreTokenizer>(setting, kPreTokenizers);
}

bool ends_with_byte_level(const Setting& setting) {
  const std::string type = setting.at("type").name();
  if (type != "Sequence") return type == "ByteLevel";
  const Setting parts = setting.at("pretokenizers");
  return parts.is_array() && parts.size() > 0 && ends_with_byte_level(parts.item(parts.size() - 1));
}

}  // namespace lorafleet::model
