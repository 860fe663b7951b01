#pragma once

#include <filesystem>

#include "model/text/tokenizer_spec.hpp"

namespace lorafleet::model {

/// Reads `tokenizer.json`, else `vocab.json` and `merges.txt`. Throws InputError that names the
/// file and what is wrong or not supported.
///
/// Without tokenizer.json, the special tokens are those that special_tokens_map.json and
/// tokenizer_config.json name, else `</s>` and `<pad>` for a vocabulary that begins as fairseq's do
/// (OPT's, RoBERTa's), else GPT-2's `<|endoftext|>`; tokens beyond vocab.json come from
/// added_tokens.json and from tokenizer_config.json's `added_tokens_decoder`. The first of these
/// that says something decides whether the token bos goes in front: `add_bos_token` of
/// tokenizer_config.json; `model_type` of config.json ("opt": yes); the order of the vocabulary
/// (fairseq's: yes).
TokenizerSpec read_tokenizer_files(const std::filesystem::path& directory);

}  // namespace lorafleet::model
