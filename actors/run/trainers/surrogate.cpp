#include "actors/run/trainers/surrogate.hpp"

#include <algorithm>
#include <cmath>

#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::actors {

namespace {

// Streams of Purpose::surrogate: centres of client 0, seq 1; a client's own data at seq 0; the
// noise of a job at its seq + 1.
constexpr std::uint64_t kCentres = 1;

class SurrogateTrainer final : public model::Trainer {
 public:
  explicit SurrogateTrainer(std::shared_ptr<const Surrogate> surrogate)
      : surrogate_(std::move(surrogate)) {}
  [[nodiscard]] model::JobSize size(const model::TrainJob& job) const override {
    return surrogate_->size(job.client);
  }
  [[nodiscard]] model::TrainResult train(const model::TrainJob& job) const override {
    return surrogate_->train(job);
  }
  [[nodiscard]] bool is_instant() const override { return true; }

 private:
  std::shared_ptr<const Surrogate> surrogate_;
};

class SurrogateScorer final : public model::Scorer {
 public:
  explicit SurrogateScorer(std::shared_ptr<const Surrogate> surrogate)
      : surrogate_(std::move(surrogate)) {}
  [[nodiscard]] model::Evaluation evaluate(const model::AdapterPtr& adapter) const override {
    model::Evaluation evaluation;
    evaluation.total.examples = 1;
    evaluation.total.label_tokens = 1;
    evaluation.total.loss_sum = surrogate_->loss(adapter.get());
    return evaluation;
  }

 private:
  std::shared_ptr<const Surrogate> surrogate_;
};

}  // namespace

Surrogate::Surrogate(const FederationConfig& config, model::LayoutPtr layout)
    : config_(config.surrogate), train_(config.train), dimension_(layout->size()) {
  const auto clients = static_cast<std::size_t>(config.partition.clients);
  const auto classes = static_cast<std::size_t>(config_.classes);
  Random centre_random(config.seed, Purpose::surrogate, 0, kCentres);
  centres_.resize(classes * dimension_);
  for (float& value : centres_)
    value = static_cast<float>(config_.spread * centre_random.normal());

  mixes_.reserve(clients * classes);
  examples_.reserve(clients);
  mean_.assign(dimension_, 0.0);
  double total = 0.0;
  std::vector<double> optimum(dimension_);
  for (std::size_t k = 0; k < clients; ++k) {
    Random random(config.seed, Purpose::surrogate, k);
    const double drawn = config_.examples.draw(random);
    examples_.push_back(static_cast<std::int32_t>(std::clamp(std::round(drawn), 0.0, 1e9)));
    std::fill(optimum.begin(), optimum.end(), 0.0);
    const auto mix = random.dirichlet(config_.alpha, classes);
    for (std::size_t c = 0; c < classes; ++c) {
      mixes_.push_back(static_cast<float>(mix[c]));
      for (std::size_t i = 0; i < dimension_; ++i)
        optimum[i] += static_cast<double>(mixes_.back()) * centres_[c * dimension_ + i];
    }
    const double weight = examples_.back();
    total += weight;
    for (std::size_t i = 0; i < dimension_; ++i) {
      mean_[i] += weight * optimum[i];
      mean_square_ += weight * optimum[i] * optimum[i];
    }
  }
  if (!(total > 0.0)) throw InputError("surrogate.examples", "gives no client an example");
  for (double& value : mean_)
    value /= total;
  mean_square_ /= total;
}

std::int64_t Surrogate::steps(std::uint32_t client) const {
  if (train_.steps > 0) return train_.steps;
  const std::int64_t tokens = examples_[client] * config_.tokens_per_example;
  const std::int64_t batches = train_.batch_size > 0
                                   ? (examples_[client] + train_.batch_size - 1) / train_.batch_size
                                   : (tokens + train_.batch_tokens - 1) / train_.batch_tokens;
  return train_.epochs * std::max<std::int64_t>(batches, 1);
}

model::JobSize Surrogate::size(std::uint32_t client) const {
  const std::int64_t n = examples_[client];
  std::int64_t seen = n * train_.epochs;
  if (train_.steps > 0) {
    const std::int64_t batch =
        train_.batch_size > 0
            ? train_.batch_size
            : std::max<std::int64_t>(train_.batch_tokens / config_.tokens_per_example, 1);
    seen = train_.steps * std::min(batch, n);
  }
  return {n, seen * config_.tokens_per_example};
}

model::TrainResult Surrogate::train(const model::TrainJob& job) const {
  model::TrainResult result{*job.start, {}};
  auto& w = result.adapter.values;
  const float* mix = &mixes_[job.client * static_cast<std::size_t>(config_.classes)];
  const double mu = train_.prox_mu;
  const double lr = train_.lr * std::pow(train_.lr_decay, static_cast<double>(job.version));
  const auto steps = this->steps(job.client);
  const double left = std::pow(1.0 - lr * (1.0 + mu), static_cast<double>(steps));
  double loss = 0.0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    double optimum = 0.0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(config_.classes); ++c)
      optimum += static_cast<double>(mix[c]) * centres_[c * dimension_ + i];
    const double start = w[i];
    const double target = (optimum + mu * start) / (1.0 + mu);
    loss += (start - optimum) * (start - optimum);
    w[i] = static_cast<float>(target + left * (start - target));
  }
  if (config_.noise > 0.0) {
    Random random(job.run_seed, Purpose::surrogate, job.client, job.seq + 1);
    for (float& value : w)
      value = static_cast<float>(value + config_.noise * random.normal());
  }
  const auto size = this->size(job.client);
  result.stats.examples = size.examples;
  result.stats.tokens = size.tokens;
  result.stats.label_tokens = size.tokens;
  result.stats.steps = steps;
  result.stats.loss = loss / (2.0 * static_cast<double>(dimension_));
  result.stats.last_loss = result.stats.loss;
  return result;
}

double Surrogate::loss(const model::Adapter* adapter) const {
  double sum = mean_square_;
  for (std::size_t i = 0; adapter != nullptr && i < dimension_; ++i) {
    const double w = adapter->values[i];
    sum += w * w - 2.0 * w * mean_[i];
  }
  return sum / (2.0 * static_cast<double>(dimension_));
}

model::LayoutPtr surrogate_layout(const FederationConfig& config) {
  model::LoraModule module;
  module.name = "surrogate";
  module.in = config.surrogate.width;
  module.out = config.surrogate.width;
  module.rank = config.lora.r;
  module.alpha = config.lora.lora_alpha;
  module.use_rslora = config.lora.use_rslora;
  return std::make_shared<const model::AdapterLayout>(std::vector<model::LoraModule>{module});
}

std::unique_ptr<model::Trainer> make_surrogate_trainer(std::shared_ptr<const Surrogate> surrogate) {
  return std::make_unique<SurrogateTrainer>(std::move(surrogate));
}

std::unique_ptr<model::Scorer> make_surrogate_scorer(std::shared_ptr<const Surrogate> surrogate) {
  return std::make_unique<SurrogateScorer>(std::move(surrogate));
}

}  // namespace lorafleet::actors
