#pragma once

#include <cstdint>
#include <filesystem>

namespace lorafleet::pretrain {

/// How well a base predicts the held-out documents of a corpus.
struct HeldOutScore {
  double loss = 0.0;  ///< nats a token
  std::int64_t tokens = 0;
};

/// Of any base that LoRAFleet loads, by the code that scores it in a run: windows of at most 512
/// tokens, each with the token that ends a text in front. Throws InputError.
HeldOutScore score_held_out(const std::filesystem::path& base, const std::filesystem::path& corpus,
                            std::size_t threads);

}  // namespace lorafleet::pretrain
