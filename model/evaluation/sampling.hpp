#pragma once

#include <cstdint>
#include <span>

#include "model/evaluation/generation.hpp"

namespace lorafleet::model {

/// Throws InputError for an option out of range, naming it.
void check_sampling(const GenerationConfig& config);

/// The next token from its logits. With temperature 0 the most likely one, of equal ones the first.
/// Else logits / temperature, then the top_k most likely (and those equal to the last of them),
/// then the smallest set of the most likely ones whose probabilities reach top_p, at least one: the
/// order and meaning of Hugging Face's generation. `uniform`, in [0, 1), picks one of what is left.
std::int64_t next_token(std::span<const float> logits, const GenerationConfig& config,
                        double uniform);

}  // namespace lorafleet::model
