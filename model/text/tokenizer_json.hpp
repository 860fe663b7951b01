#pragma once

#include <filesystem>

#include "model/text/tokenizer_spec.hpp"

namespace lorafleet::model {

/// Reads Hugging Face's `tokenizer.json`, a pipeline of normalizer, pre-tokenizer, model and so on
/// (docs/data.md). Throws InputError that names the file, the key, and what is wrong or not
/// supported.
TokenizerSpec read_tokenizer_json(const std::filesystem::path& file);

}  // namespace lorafleet::model
