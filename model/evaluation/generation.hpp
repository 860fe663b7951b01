#pragma once

#include <cstdint>
#include <vector>

#include "model/network/base_model.hpp"

namespace lorafleet::model {

/// How text is continued.
struct GenerationConfig {
  std::int64_t max_new_tokens = 64;
  double temperature = 0.0;  ///< 0: greedy
  std::int64_t top_k = 0;    ///< sample among this many most likely tokens; 0: all
  double top_p = 1.0;        ///< sample among the most likely tokens whose probabilities reach this
  std::uint64_t seed = 42;
  std::vector<std::int64_t> stop_tokens;  ///< beside the model's eos_token_id
  std::int64_t batch_tokens = 8192;       ///< most rows of the key-value cache at once
};

struct Generated {
  std::vector<std::int64_t> tokens;  ///< without the prompt and the token that stopped it
  bool stopped = false;              ///< by eos or a stop token, not by a limit
};

/// Continues each prompt by itself, in batches over prompts of different lengths, with a key-value
/// cache. The tokens of a prompt do not depend on what else is in `prompts`: sampling is keyed by
/// (seed, index of the prompt, position). A sequence ends at the model's last position at the
/// latest. Where the device has no memory for a batch, it goes in halves. A null adapter leaves the
/// base as it is. Throws InputError for an empty prompt, one longer than the model's positions, or
/// an option out of range, and RuntimeFailure where there is no memory for one prompt.
std::vector<Generated> generate(const BaseModel& base, const AdapterPtr& adapter,
                                const std::vector<std::vector<std::int64_t>>& prompts,
                                const GenerationConfig& config);

}  // namespace lorafleet::model
