#pragma once

#include <cstdint>
#include <optional>

#include "model/shape.hpp"

namespace lorafleet::model {

class ConfigReader;

/// eos_token_id (one or a list) and pad_token_id into the shape, whose vocabulary is known.
/// `usual_end` is the class's own end of a text, where the key is absent and the vocabulary has it.
/// A padding token outside of the vocabulary counts as none: nobody looks it up.
void read_special_tokens(ModelShape& shape, const ConfigReader& config,
                         std::optional<std::int32_t> usual_end);

}  // namespace lorafleet::model
