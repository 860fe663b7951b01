#include "tools/pretrain/pretraining.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "model/files/dtype.hpp"
#include "model/files/hf_directory.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"
#include "tools/pretrain/adamw.hpp"
#include "tools/pretrain/checkpoint.hpp"
#include "tools/pretrain/corpus.hpp"
#include "tools/pretrain/opt_network.hpp"
#include "tools/pretrain/parallel.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::pretrain {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using tools::clock_text;
using tools::figure;
using tools::fixed;

constexpr std::int32_t kEnd = 2;
constexpr double kMostNorm = 1.0;
/// Windows that go through the network together: enough rows for a matrix product, and few enough
/// to stay in a core's cache.
constexpr std::int64_t kPartWindows = 2;
/// Held-out windows that a milestone scores.
constexpr std::size_t kScoredWindows = 256;

model::TokenizerPtr load_tokenizer(const std::filesystem::path& folder) {
  const auto tokenizer = model::Tokenizer::load(folder);
  if (tokenizer->token_bytes(kEnd) != "</s>") {
    throw InputError(folder.string(),
                     "token 2 must be </s>, as in OPT: it begins and ends every text");
  }
  return tokenizer;
}

Json to_json(const Milestone& at) {
  return {{"step", at.step}, {"tokens", at.tokens},
          {"loss", at.loss}, {"held_out_loss", at.held_out_loss},
          {"lr", at.lr},     {"seconds", at.seconds}};
}

Milestone milestone_of(const Json& json) {
  return {json.at("step"),          json.at("tokens"), json.at("loss"),
          json.at("held_out_loss"), json.at("lr"),     json.at("seconds")};
}

/// One training, from its first step or from a checkpoint.
class Pretraining {
 public:
  Pretraining(const Settings& settings, const std::function<void(const std::string&)>& log)
      : settings_(settings),
        log_(log),
        tokenizer_(load_tokenizer(settings.tokenizer)),
        size_(sized(settings.size, *tokenizer_)),
        corpus_(read_corpus(settings.corpus, *tokenizer_, kEnd, settings.threads)),
        plan_(corpus_.training.size(), size_.positions, settings.seed, settings.corpus.string()),
        parameters_(parameters_of(size_)),
        optimizer_(parameters_) {
    const std::int64_t step_tokens = settings.batch_windows * size_.positions;
    steps_ = (settings.tokens + step_tokens - 1) / step_tokens;
    log_(grouped(static_cast<std::int64_t>(total_size(parameters_))) + " weights; " +
         grouped(static_cast<std::int64_t>(corpus_.documents)) + " documents, " +
         grouped(static_cast<std::int64_t>(corpus_.training.size())) + " tokens and " +
         grouped(static_cast<std::int64_t>(corpus_.held_out.size())) + " held out; " +
         grouped(steps_) + " steps of " + grouped(step_tokens) + " tokens");
    start();
    for (std::size_t worker = 0; worker < settings.threads; ++worker)
      networks_.push_back(std::make_unique<OptNetwork>(size_, weights_.data()));
  }

  Outcome run() {
    const auto started = Clock::now();
    const double before = milestones_.empty() ? 0.0 : milestones_.back().seconds;
    double loss_sum = 0.0;
    std::int64_t loss_steps = 0;
    std::int64_t step = milestones_.empty() ? 0 : milestones_.back().step;
    const std::int64_t last =
        settings_.stop_after > 0 ? std::min(settings_.stop_after, steps_) : steps_;
    while (step < last) {
      ++step;
      const double lr = learning_rate(size_.lr, step, steps_);
      loss_sum += train(step, lr);
      ++loss_steps;
      if (step % settings_.every_steps != 0 && step != last) continue;
      Milestone at;
      at.step = step;
      at.tokens = step * settings_.batch_windows * size_.positions;
      at.loss = loss_sum / static_cast<double>(loss_steps);
      at.lr = lr;
      at.held_out_loss = score();
      at.seconds = before + std::chrono::duration<double>(Clock::now() - started).count();
      milestones_.push_back(at);
      save();
      report();
      loss_sum = 0.0;
      loss_steps = 0;
    }
    const bool complete = step == steps_;
    if (complete) write_model();
    return {milestones_, steps_, complete};
  }

 private:
  static OptSize sized(OptSize size, const model::Tokenizer& tokenizer) {
    size.vocabulary = static_cast<std::int64_t>(tokenizer.vocab_size());
    check(size);
    return size;
  }

  /// What a checkpoint must have been made with.
  [[nodiscard]] Json facts() const {
    return {{"config", config_of(size_)},
            {"lr", size_.lr},
            {"corpus_sha256", corpus_.sha256},
            {"steps", steps_},
            {"batch_windows", settings_.batch_windows},
            {"seed", settings_.seed}};
  }

  void start() {
    if (!settings_.resume) {
      weights_ = first_weights(size_, settings_.seed);
      return;
    }
    TrainingState state = load_checkpoint(settings_.out, total_size(parameters_));
    const Json made_with = facts();
    for (const auto& [key, value] : made_with.items()) {
      if (state.facts.value(key, Json()) == value) continue;
      throw InputError(checkpoint_file(settings_.out).string(),
                       "was made with another \"" + key + "\": " +
                           state.facts.value(key, Json()).dump() + ", not " + value.dump());
    }
    weights_ = std::move(state.weights);
    optimizer_.first = std::move(state.first);
    optimizer_.second = std::move(state.second);
    for (const Json& milestone : state.facts.at("milestones"))
      milestones_.push_back(milestone_of(milestone));
    log_("resumed after step " + grouped(milestones_.back().step));
  }

  /// Returns the loss of the step's text, nats a token.
  double train(std::int64_t step, double lr) {
    const std::int64_t windows = settings_.batch_windows;
    const auto parts = static_cast<std::size_t>((windows + kPartWindows - 1) / kPartWindows);
    std::vector<Windows> texts(parts);
    for (std::int64_t i = 0; i < windows; ++i) {
      Windows& text = texts[static_cast<std::size_t>(i / kPartWindows)];
      text.length = size_.positions;
      const std::size_t number = static_cast<std::size_t>((step - 1) * windows + i);
      append_window(text, corpus_.training, plan_.start(number), kEnd);
    }
    const double labels = static_cast<double>(windows * size_.positions);
    gradients_.resize(parts, std::vector<float>(weights_.size()));
    std::vector<double> losses(parts);
    in_parallel(settings_.threads, parts, [&](std::size_t worker, std::size_t part) {
      losses[part] =
          networks_[worker]->loss_and_gradient(texts[part], 1.0 / labels, gradients_[part]);
    });
    std::vector<float>& gradient = gradients_[0];
    double loss = losses[0];
    for (std::size_t part = 1; part < parts; ++part) {
      loss += losses[part];
      for (std::size_t i = 0; i < gradient.size(); ++i)
        gradient[i] += gradients_[part][i];
    }
    if (!std::isfinite(loss)) {
      throw RuntimeFailure("the loss of step " + std::to_string(step) +
                           " is not finite; a lower --lr may help");
    }
    clip(gradient, kMostNorm);
    optimizer_.step(weights_, gradient, lr, step);
    return loss / labels;
  }

  /// The loss of windows that lie evenly over the held-out text, nats a token.
  [[nodiscard]] double score() const {
    const auto length = static_cast<std::size_t>(size_.positions);
    const std::size_t there = corpus_.held_out.size() / length;
    const std::size_t count = std::min(there, kScoredWindows);
    if (count == 0) return std::nan("");
    std::vector<double> losses(count);
    in_parallel(settings_.threads, count, [&](std::size_t worker, std::size_t i) {
      Windows text;
      text.length = size_.positions;
      append_window(text, corpus_.held_out, i * there / count * length, kEnd);
      losses[i] = networks_[worker]->loss(text);
    });
    double sum = 0.0;
    for (const double loss : losses)
      sum += loss;
    return sum / static_cast<double>(count * length);
  }

  void save() const {
    TrainingState state{weights_, optimizer_.first, optimizer_.second, facts()};
    state.facts["milestones"] = Json::array();
    std::string table = "step,tokens,loss,held_out_loss,lr,seconds\n";
    for (const Milestone& at : milestones_) {
      state.facts["milestones"].push_back(to_json(at));
      table += std::to_string(at.step) + "," + std::to_string(at.tokens) + "," + shortest(at.loss) +
               "," + shortest(at.held_out_loss) + "," + shortest(at.lr) + "," +
               fixed(at.seconds, 1) + "\n";
    }
    save_checkpoint(settings_.out, state);
    write_file(settings_.out / "pretraining.csv", table);
  }

  void report() const {
    const Milestone& at = milestones_.back();
    const Milestone earlier = milestones_.size() > 1 ? milestones_.end()[-2] : Milestone{};
    const double speed =
        static_cast<double>(at.tokens - earlier.tokens) / (at.seconds - earlier.seconds);
    log_("step " + grouped(at.step) + " of " + grouped(steps_) + "  loss " + fixed(at.loss, 4) +
         "  held out " + fixed(at.held_out_loss, 4) + "  lr " + figure(at.lr) + "  " +
         clock_text(at.seconds) + "  " + grouped(std::llround(speed)) + " tokens/s");
  }

  void write_model() const {
    std::vector<model::ProducedTensor> tensors;
    for (const Parameter& parameter : parameters_) {
      const std::span<const float> values(weights_.data() + parameter.offset, parameter.numel());
      tensors.push_back({parameter.name, parameter.shape,
                         [values](const model::ProducedTensor::Sink& sink) { sink(values); }});
    }
    constexpr std::uint64_t kOneFile = 1'000'000'000'000;
    model::write_weights(settings_.out, tensors, model::DType::bfloat16, kOneFile);
    write_file(settings_.out / "config.json", config_of(size_).dump(2) + "\n");
    model::copy_model_files(settings_.tokenizer, settings_.out);
  }

  const Settings& settings_;
  const std::function<void(const std::string&)>& log_;
  model::TokenizerPtr tokenizer_;
  OptSize size_;
  Corpus corpus_;
  WindowPlan plan_;
  std::int64_t steps_ = 0;
  std::vector<Parameter> parameters_;
  std::vector<float> weights_;
  AdamW optimizer_;
  std::vector<std::vector<float>> gradients_;  ///< of the parts of a step
  std::vector<Milestone> milestones_;
  std::vector<std::unique_ptr<OptNetwork>> networks_;  ///< of each thread
};

}  // namespace

Outcome pretrain(const Settings& settings, const std::function<void(const std::string&)>& log) {
  make_folder(settings.out);
  const FolderLock lock(settings.out);
  return Pretraining(settings, log).run();
}

}  // namespace lorafleet::pretrain
