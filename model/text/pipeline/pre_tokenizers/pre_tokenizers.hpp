#pragma once

#include <memory>

#include "model/text/pipeline/pre_tokenizer.hpp"
#include "model/text/pipeline/setting.hpp"

namespace lorafleet::model {

using PreTokenizerPtr = std::unique_ptr<const PreTokenizer>;

/// The pre-tokenizer that tokenizer.json describes; nullptr for null. Throws InputError.
PreTokenizerPtr make_pre_tokenizer(const Setting& setting);
/// Whether ByteLevel is its last step. That step then leaves the text's bytes as they are, for a
/// model whose tokens are bytes too, in place of writing each in the byte alphabet.
bool ends_with_byte_level(const Setting& setting);

PreTokenizerPtr make_byte_level(const Setting& setting);
/// ByteLevel where other steps follow it: it writes the alphabet.
PreTokenizerPtr make_byte_level_alphabet(const Setting& setting);
PreTokenizerPtr make_split(const Setting& setting);
PreTokenizerPtr make_digits(const Setting& setting);
PreTokenizerPtr make_metaspace(const Setting& setting);
PreTokenizerPtr make_whitespace(const Setting& setting);
PreTokenizerPtr make_whitespace_split(const Setting& setting);
PreTokenizerPtr make_punctuation(const Setting& setting);
PreTokenizerPtr make_pre_tokenizer_sequence(const Setting& setting);

}  // namespace lorafleet::model
