#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace lorafleet::model {

// How a published size becomes another one of the same kind, for bases of one's own.

struct Heads {
  std::int64_t queries;
  std::int64_t keys;
};

/// As many heads of the same size as fit the new width, at least one, grouped as before where that
/// divides.
Heads fewer_heads(const Heads& of, std::int64_t width, std::int64_t usual_width);

/// A size in proportion to the width.
std::int64_t scaled(std::int64_t size, std::int64_t width, std::int64_t usual_width);

/// bos_token_id, eos_token_id and pad_token_id that a smaller vocabulary does not hold become those
/// of the shipped tokenizer: 2, 2 and 1.
void fit_special_tokens(nlohmann::ordered_json& config);

}  // namespace lorafleet::model
