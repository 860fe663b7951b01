#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/adapter/adapter.hpp"

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

  Score& operator+=(const Score& score);

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("examples", self.examples);
    visit("label_tokens", self.label_tokens);
    visit("loss_sum", self.loss_sum);
    visit("correct", self.correct);
  }
};

struct ContextBin {
  std::int64_t low = 0;   ///< context tokens, inclusive
  std::int64_t high = 0;  ///< inclusive
  Score score;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("low", self.low);
    visit("high", self.high);
    visit("score", self.score);
  }
};

struct GroupScore {
  std::string name;
  Score score;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("score", self.score);
  }
};

/// What the model wrote for one held-out example, and how it was judged.
struct Prediction {
  std::string id;
  std::string target;
  std::string text;                      ///< generated; empty where nothing was
  std::string choice;                    ///< the most likely one; empty without choices
  std::map<std::string, double> scores;  ///< "rouge_l", "exact_match", ...

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("target", self.target);
    visit("text", self.text);
    visit("choice", self.choice);
    visit("scores", self.scores);
  }
};

struct Evaluation {
  Score total;
  std::vector<ContextBin> by_context_length;
  std::vector<GroupScore> by_group;       ///< the largest groups, largest first
  std::map<std::string, double> metrics;  ///< means over the predictions: "rouge_l", ...
  std::vector<Prediction> predictions;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("total", self.total);
    visit("by_context_length", self.by_context_length);
    visit("by_group", self.by_group);
    visit("metrics", self.metrics);
    visit("predictions", self.predictions);
  }
};

/// Scores adapters. Implementations are const and thread-safe.
class Scorer {
 public:
  virtual ~Scorer() = default;
  /// A null adapter scores the base.
  [[nodiscard]] virtual Evaluation evaluate(const AdapterPtr& adapter) const = 0;
  /// The same, with the metrics for which text is generated, where there are any.
  [[nodiscard]] virtual Evaluation evaluate_fully(const AdapterPtr& adapter) const {
    return evaluate(adapter);
  }
};

}  // namespace lorafleet::model
