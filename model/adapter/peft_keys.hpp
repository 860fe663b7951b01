#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lorafleet::model {

/// A value for a message: its beginning.
std::string shown_value(const nlohmann::json& value);

/// Judges the keys of an `adapter_config.json` that are not read: an allow-list of those of PEFT's
/// LoraConfig up to version 0.20 (github.com/huggingface/peft, src/peft/tuners/lora/config.py), and
/// of earlier versions.
///
/// - A key that cannot change what the saved factors mean passes, whatever its value.
/// - A key that can is refused by name with the reason, unless it is off: null, false, "", [] or
/// {}.
/// - A key that is not on the list is refused, unless it is off; then it passes with a warning.
///
/// Returns the warnings, which begin with `file`. Throws InputError.
std::vector<std::string> check_peft_keys(const nlohmann::json& config, const std::string& file);

}  // namespace lorafleet::model
