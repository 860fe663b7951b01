#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lorafleet::model {

/// GPT-2's printable alphabet for bytes: vocabulary files write each byte of a token as one
/// character, itself where that is visible, else one from U+0100 on ("Ġ" is the space).

/// Bytes of a token as files write it; nothing where a character is not in the alphabet.
std::optional<std::string> bytes_from_alphabet(std::string_view token);

/// The inverse.
std::string alphabet_from_bytes(std::string_view bytes);

}  // namespace lorafleet::model
