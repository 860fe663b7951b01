#include "actors/report/data/score_kind.hpp"

namespace lorafleet::report {

const std::vector<ScoreKind>& score_kinds() {
  static const std::vector<ScoreKind> kKinds = {
      {"perplexity", "Perplexity", "perplexity", "lowest", "label_tokens", "tokens",
       "nats a token"},
      {"accuracy", "Accuracy", "share of examples", "highest", "examples", "examples",
       "nats an example", false, false}};
  return kKinds;
}

}  // namespace lorafleet::report
