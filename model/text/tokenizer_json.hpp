#pragma once

#include <filesystem>

#include "model/text/vocabulary.hpp"

namespace lorafleet::model {

/// Reads Hugging Face's `tokenizer.json` for byte-level BPE with GPT-2's pattern. Throws InputError
/// that names the file, the key, and what is wrong or not supported.
TokenizerSpec read_tokenizer_json(const std::filesystem::path& file);

}  // namespace lorafleet::model
