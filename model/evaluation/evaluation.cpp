#include "model/evaluation/evaluation.hpp"

#include <algorithm>
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

double Score::f1() const {
  const auto of = [](const ClassCount& own) {
    const std::int64_t both = own.wanted + own.chosen;
    return both == 0 ? 0.0 : 2.0 * static_cast<double>(own.right) / static_cast<double>(both);
  };
  if (classes.size() == 2) return of(classes[1]);
  double sum = 0.0;
  double occur = 0.0;
  for (const ClassCount& own : classes) {
    sum += of(own);
    occur += own.wanted + own.chosen > 0 ? 1.0 : 0.0;
  }
  return occur == 0.0 ? 0.0 : sum / occur;
}

double Score::matthews() const {
  double all = 0.0;
  double right = 0.0;
  double both = 0.0;  // sum over the classes of wanted * chosen
  double wanted = 0.0;
  double chosen = 0.0;
  for (const ClassCount& own : classes) {
    const auto own_wanted = static_cast<double>(own.wanted);
    const auto own_chosen = static_cast<double>(own.chosen);
    all += own_wanted;
    right += static_cast<double>(own.right);
    both += own_wanted * own_chosen;
    wanted += own_wanted * own_wanted;
    chosen += own_chosen * own_chosen;
  }
  const double spread = (all * all - wanted) * (all * all - chosen);
  return spread > 0.0 ? (right * all - both) / std::sqrt(spread) : 0.0;
}

std::size_t Score::chosen_class() const {
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [](const ClassCount& own) { return own.chosen > 0; });
  return static_cast<std::size_t>(found - classes.begin());
}

Score& Score::operator+=(const Score& score) {
  examples += score.examples;
  label_tokens += score.label_tokens;
  loss_sum += score.loss_sum;
  correct += score.correct;
  if (classes.size() < score.classes.size()) classes.resize(score.classes.size());
  for (std::size_t i = 0; i < score.classes.size(); ++i) {
    classes[i].wanted += score.classes[i].wanted;
    classes[i].chosen += score.classes[i].chosen;
    classes[i].right += score.classes[i].right;
  }
  return *this;
}

}  // namespace lorafleet::model
