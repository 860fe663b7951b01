#include "model/evaluation/evaluation.hpp"

#include <cmath>

namespace lorafleet::model {

double Score::loss() const {
  return label_tokens == 0 ? 0.0 : loss_sum / static_cast<double>(label_tokens);
}

double Score::perplexity() const {
  return std::exp(loss());
}

double Score::token_accuracy() const {
  return label_tokens == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(label_tokens);
}

Score& Score::operator+=(const Score& score) {
  examples += score.examples;
  label_tokens += score.label_tokens;
  loss_sum += score.loss_sum;
  correct += score.correct;
  return *this;
}

}  // namespace lorafleet::model
