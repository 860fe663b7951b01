#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/text/tokenizer.hpp"

namespace lorafleet::model {

/// What looks like a special token in a template's own words ("<|im_end|>", "</s>", "[SEP]") but is
/// none of the tokenizer's, each once.
std::vector<std::string> unknown_special_names(const std::vector<std::string>& literals,
                                               const Tokenizer& tokenizer);

}  // namespace lorafleet::model
