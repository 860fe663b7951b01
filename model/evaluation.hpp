#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/adapter.hpp"

namespace lorafleet::model {

/// Scores over the labelled tokens of held-out examples.
struct Score {
  std::int64_t examples = 0;
  std::int64_t label_tokens = 0;
  double loss_sum = 0.0;  ///< nats
  std::int64_t correct = 0;

  [[nodiscard]] double loss() const;  ///< mean, nats a token; 0 without tokens
  [[nodiscard]] double perplexity() const;
  [[nodiscard]] double token_accuracy() const;
};

struct ContextBin {
  std::int64_t low = 0;   ///< context tokens, inclusive
  std::int64_t high = 0;  ///< inclusive
  Score score;
};

struct Evaluation {
  Score total;
  std::vector<ContextBin> by_context_length;
};

/// Scores adapters. Implementations are const and thread-safe.
class Scorer {
 public:
  virtual ~Scorer() = default;
  /// A null adapter scores the base.
  [[nodiscard]] virtual Evaluation evaluate(const AdapterPtr& adapter) const = 0;
};

}  // namespace lorafleet::model
