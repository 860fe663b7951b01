#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lorafleet::model {

/// Sentencepiece's tokens for single bytes: "<0xE2>".
std::string byte_token(unsigned char byte);
/// The byte of such a token; nothing for others.
std::optional<char> byte_of_token(std::string_view token);

}  // namespace lorafleet::model
