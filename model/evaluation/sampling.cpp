#include "model/evaluation/sampling.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/config.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

struct Candidate {
  std::int64_t token;
  double weight;  ///< not normalised
};

/// The most likely first, equal ones by id, without what top_k leaves out.
std::vector<Candidate> candidates(std::span<const float> logits, const GenerationConfig& config) {
  const double highest = *std::max_element(logits.begin(), logits.end());
  std::vector<Candidate> all(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    all[i] = {static_cast<std::int64_t>(i),
              std::exp((static_cast<double>(logits[i]) - highest) / config.temperature)};
  }
  const auto before = [&logits](const Candidate& a, const Candidate& b) {
    const float left = logits[static_cast<std::size_t>(a.token)];
    const float right = logits[static_cast<std::size_t>(b.token)];
    return left > right || (left == right && a.token < b.token);
  };
  const auto k = static_cast<std::size_t>(config.top_k);
  if (k > 0 && k < all.size()) {
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k) - 1, all.end(),
                     before);
    const float least = logits[static_cast<std::size_t>(all[k - 1].token)];
    std::erase_if(all, [&](const Candidate& candidate) {
      return logits[static_cast<std::size_t>(candidate.token)] < least;
    });
  }
  std::sort(all.begin(), all.end(), before);
  return all;
}

double total_of(const std::vector<Candidate>& candidates) {
  double total = 0.0;
  for (const auto& candidate : candidates)
    total += candidate.weight;
  return total;
}

void keep_nucleus(std::vector<Candidate>& candidates, double top_p) {
  if (top_p >= 1.0) return;
  const double wanted = top_p * total_of(candidates);
  double sum = 0.0;
  std::size_t kept = 0;
  while (kept < candidates.size() && (kept == 0 || sum < wanted))
    sum += candidates[kept++].weight;
  candidates.resize(kept);
}

}  // namespace

void check_sampling(const GenerationConfig& config) {
  if (config.max_new_tokens < 1) throw InputError("max_new_tokens", "must be 1 or more");
  if (!(config.temperature >= 0.0) || !std::isfinite(config.temperature)) {
    throw InputError("temperature", "must be 0 (greedy) or more");
  }
  if (config.top_k < 0) throw InputError("top_k", "must be 0 (all) or more");
  constexpr Limits kTopP = EvaluationConfig::kTopP;
  if (!kTopP.allow(config.top_p)) throw InputError("top_p", "must be " + kTopP.text());
  if (config.batch_tokens < 1) throw InputError("batch_tokens", "must be 1 or more");
}

std::int64_t next_token(std::span<const float> logits, const GenerationConfig& config,
                        double uniform) {
  if (config.temperature == 0.0) {
    return std::max_element(logits.begin(), logits.end()) - logits.begin();
  }
  std::vector<Candidate> left = candidates(logits, config);
  keep_nucleus(left, config.top_p);
  double rest = uniform * total_of(left);
  for (const auto& candidate : left) {
    rest -= candidate.weight;
    if (rest < 0.0) return candidate.token;
  }
  return left.back().token;  // rounding
}

}  // namespace lorafleet::model
