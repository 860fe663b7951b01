#include "model/evaluation/text_scorer.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "model/evaluation/generation.hpp"
#include "model/evaluation/metrics.hpp"
#include "model/evaluation/sampling.hpp"
#include "model/evaluation/sequence_scores.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::model {
namespace {

using partition::Example;

class TextScorer final : public Scorer {
 public:
  TextScorer(std::shared_ptr<const Scorer> likelihood, BaseModelPtr base,
             std::shared_ptr<const ExampleEncoder> encoder, std::vector<Example> examples,
             const EvaluationConfig& evaluation, std::uint64_t seed)
      : likelihood_(std::move(likelihood)),
        base_(std::move(base)),
        encoder_(std::move(encoder)),
        examples_(std::move(examples)),
        evaluation_(evaluation) {
    for (const auto& name : evaluation.metrics)
      metrics_.push_back(&metrics().at(name));
    for (const Metric* metric : metrics_) {
      generates_ = generates_ || metric->judge != nullptr;
      chooses_ = chooses_ || metric->judge == nullptr;
    }
    if (evaluation_.text_examples > 0) {
      examples_.resize(
          std::min(examples_.size(), static_cast<std::size_t>(evaluation_.text_examples)));
    }
    generation_.max_new_tokens = evaluation_.max_new_tokens;
    generation_.temperature = evaluation_.temperature;
    generation_.top_k = evaluation_.top_k;
    generation_.top_p = evaluation_.top_p;
    generation_.seed = seed;
    const EndOfTurn end = encoder_->end_of_turn();
    if (end.token) generation_.stop_tokens.push_back(*end.token);
    end_of_answer_ = end.text;
    check_sampling(generation_);
  }

  [[nodiscard]] Evaluation evaluate(const AdapterPtr& adapter) const override {
    return likelihood_->evaluate(adapter);
  }

  [[nodiscard]] Evaluation evaluate_fully(const AdapterPtr& adapter) const override {
    Evaluation result = likelihood_->evaluate(adapter);
    result.predictions.resize(examples_.size());
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      result.predictions[i].id = examples_[i].id;
      result.predictions[i].target = examples_[i].target;
    }
    if (generates_) write_texts(adapter, result.predictions);
    if (chooses_) choose(adapter, result);
    add_means(result);
    return result;
  }

 private:
  /// A prompt that leaves no room for new tokens has no text, and is judged as an empty one.
  void write_texts(const AdapterPtr& adapter, std::vector<Prediction>& predictions) const {
    std::vector<std::vector<std::int64_t>> prompts;
    std::vector<std::size_t> owners;
    const auto room = static_cast<std::size_t>(evaluation_.max_new_tokens);
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      const auto prompt = encoder_->prompt(examples_[i], room);
      if (!prompt || prompt->empty()) continue;
      prompts.emplace_back(prompt->begin(), prompt->end());
      owners.push_back(i);
    }
    const auto texts = generate(*base_, adapter, prompts, generation_);
    for (std::size_t i = 0; i < owners.size(); ++i) {
      const std::vector<std::int32_t> tokens(texts[i].tokens.begin(), texts[i].tokens.end());
      std::string& text = predictions[owners[i]].text;
      text = encoder_->tokenizer().decode(tokens, true);
      if (!end_of_answer_.empty()) text.resize(std::min(text.size(), text.find(end_of_answer_)));
    }
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      for (const Metric* metric : metrics_) {
        if (metric->judge == nullptr) continue;
        metric->judge(predictions[i].text, examples_[i], predictions[i].scores);
      }
    }
  }

  void choose(const AdapterPtr& adapter, Evaluation& result) const {
    EncodedData data;
    Indices sequences;
    std::vector<Indices> of_example(examples_.size());
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      if (examples_[i].choices.size() < 2 || !names_target(examples_[i])) continue;
      std::vector<EncodedSequence> encoded;
      for (const auto& choice : examples_[i].choices) {
        if (auto sequence = encoder_->encode_choice(examples_[i], choice)) {
          encoded.push_back(std::move(*sequence));
        }
      }
      if (encoded.size() != examples_[i].choices.size()) continue;  // one is too long
      for (const auto& sequence : encoded) {
        of_example[i].push_back(static_cast<std::uint32_t>(data.size()));
        sequences.push_back(of_example[i].back());
        data.add(sequence.tokens, sequence.labels, sequence.context_tokens);
      }
    }
    const auto scores = score_sequences(*base_, adapter, data, sequences, evaluation_.batch_tokens);
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      if (!of_example[i].empty())
        judge_choice(examples_[i], of_example[i], scores, result.predictions[i]);
    }
    add_choice_f1(result);
  }

  static void judge_choice(const Example& example, const Indices& sequences,
                           const std::vector<Score>& scores, Prediction& prediction) {
    std::size_t best = 0;
    std::size_t best_norm = 0;
    const auto loss = [&](std::size_t c) { return scores[sequences[c]].loss_sum; };
    const auto norm = [&](std::size_t c) {
      return loss(c) / static_cast<double>(std::max<std::size_t>(1, example.choices[c].size()));
    };
    for (std::size_t c = 1; c < sequences.size(); ++c) {
      if (loss(c) < loss(best)) best = c;
      if (norm(c) < norm(best_norm)) best_norm = c;
    }
    prediction.choice = example.choices[best];
    prediction.scores["choice_accuracy"] = prediction.choice == example.target ? 1.0 : 0.0;
    prediction.scores["choice_accuracy_norm"] =
        example.choices[best_norm] == example.target ? 1.0 : 0.0;
  }

  void add_choice_f1(Evaluation& result) const {
    const std::vector<std::string>* choices = nullptr;
    double both = 0.0;
    double chosen = 0.0;
    double wanted = 0.0;
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      const Prediction& prediction = result.predictions[i];
      if (prediction.choice.empty()) continue;
      if (examples_[i].choices.size() != 2) return;
      if (choices != nullptr && *choices != examples_[i].choices) return;
      choices = &examples_[i].choices;
      const bool is_chosen = prediction.choice == choices->back();
      const bool is_wanted = prediction.target == choices->back();
      chosen += is_chosen ? 1.0 : 0.0;
      wanted += is_wanted ? 1.0 : 0.0;
      both += is_chosen && is_wanted ? 1.0 : 0.0;
    }
    if (choices == nullptr) return;
    result.metrics["choice_f1"] = both == 0.0 ? 0.0 : 2.0 * both / (chosen + wanted);
  }

  static void add_means(Evaluation& result) {
    std::map<std::string, std::pair<double, double>> sums;
    for (const auto& prediction : result.predictions) {
      for (const auto& [name, score] : prediction.scores) {
        sums[name].first += score;
        sums[name].second += 1.0;
      }
    }
    for (const auto& [name, sum] : sums)
      result.metrics[name] = sum.first / sum.second;
  }

  std::shared_ptr<const Scorer> likelihood_;
  BaseModelPtr base_;
  std::shared_ptr<const ExampleEncoder> encoder_;
  std::vector<Example> examples_;
  EvaluationConfig evaluation_;
  std::vector<const Metric*> metrics_;
  GenerationConfig generation_;
  std::string end_of_answer_;  ///< of conversations whose turns end with no token
  bool generates_ = false;
  bool chooses_ = false;
};

}  // namespace

std::unique_ptr<Scorer> make_text_scorer(std::shared_ptr<const Scorer> likelihood,
                                         BaseModelPtr base,
                                         std::shared_ptr<const ExampleEncoder> encoder,
                                         std::vector<partition::Example> examples,
                                         const EvaluationConfig& evaluation, std::uint64_t seed) {
  return std::make_unique<TextScorer>(std::move(likelihood), std::move(base), std::move(encoder),
                                      std::move(examples), evaluation, seed);
}

}  // namespace lorafleet::model
