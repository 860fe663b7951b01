#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/adapter/adapter.hpp"

namespace lorafleet::model {

/// Of one class of a classifier, over examples.
struct ClassCount {
  std::int64_t wanted = 0;  ///< are of it
  std::int64_t chosen = 0;  ///< were taken for it
  std::int64_t right = 0;   ///< both

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("wanted", self.wanted);
    visit("chosen", self.chosen);
    visit("right", self.right);
  }
};

/// Scores over the labelled tokens of held-out examples; with a classifier, the one label of each.
struct Score {
  std::int64_t examples = 0;
  std::int64_t label_tokens = 0;
  double loss_sum = 0.0;  ///< nats
  std::int64_t correct = 0;
  std::vector<ClassCount> classes = {};  ///< of a classifier; else empty

  [[nodiscard]] double loss() const;  ///< mean, nats a token (an example); 0 without tokens
  [[nodiscard]] double perplexity() const;
  [[nodiscard]] double token_accuracy() const;
  [[nodiscard]] bool of_classifier() const { return !classes.empty(); }
  /// Of a classifier: the share of examples whose class was found.
  [[nodiscard]] double accuracy() const { return token_accuracy(); }
  /// Of two classes: 2 right / (wanted + chosen) of the second one, as GLUE's for MRPC and QQP. Of
  /// more: its mean over those that occur, as a label or as an answer. 0 where none does.
  [[nodiscard]] double f1() const;
  /// Of a classifier: Matthews' correlation of labels and answers, GLUE's measure for CoLA; of more
  /// than two classes Gorodkin's R_K (doi 10.1016/j.compbiolchem.2004.09.006). 0 where all labels,
  /// or all answers, are of one class.
  [[nodiscard]] double matthews() const;

  /// Of a classifier and a single example: the class that it was taken for.
  [[nodiscard]] std::size_t chosen_class() const;

  Score& operator+=(const Score& score);

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("examples", self.examples);
    visit("label_tokens", self.label_tokens);
    visit("loss_sum", self.loss_sum);
    visit("correct", self.correct);
    visit("classes", self.classes);
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
