#include "actors/run/trainers/surrogate.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "partition/support/error.hpp"

using namespace lorafleet;

namespace {

actors::FederationConfig small() {
  actors::FederationConfig config;
  config.partition.clients = 20;
  config.train.kind = "surrogate";
  config.train.lr = 0.25;
  config.train.steps = 3;
  config.lora.r = 2;
  config.surrogate.examples = sim::Distribution::constant(10.0);
  config.surrogate.tokens_per_example = 7;
  return config;
}

model::TrainJob job(const model::AdapterPtr& start, std::uint32_t client) {
  return {client, 5, 42, 0, start, nullptr};
}

}  // namespace

TEST_CASE("the closed form of a job equals its gradient steps") {
  auto config = small();
  config.train.prox_mu = 0.5;
  const auto layout = actors::surrogate_layout(config);
  const actors::Surrogate surrogate(config, layout);
  const auto start = std::make_shared<const model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), 0.3f)});

  // From the start, one step moves by lr (o - w), as the prox term is 0 there.
  auto one_step = config;
  one_step.train.steps = 1;
  const actors::Surrogate single(one_step, layout);
  const auto after_one = single.train(job(start, 4)).adapter.values;
  const auto after_three = surrogate.train(job(start, 4)).adapter.values;
  for (std::size_t i = 0; i < layout->size(); ++i) {
    const double w0 = start->values[i];
    const double optimum = w0 + (after_one[i] - w0) / 0.25;
    double w = w0;
    for (int step = 0; step < 3; ++step)
      w -= 0.25 * ((w - optimum) + 0.5 * (w - w0));
    CHECK(after_three[i] == doctest::Approx(w).epsilon(1e-5));
  }
}

TEST_CASE("a surrogate's job reports size and loss, and its global loss is that of its clients") {
  const auto config = small();
  const auto layout = actors::surrogate_layout(config);
  const actors::Surrogate surrogate(config, layout);
  CHECK(surrogate.examples(3) == 10);
  const auto start = std::make_shared<const model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), 0.5f)});
  double mean = 0.0;
  for (std::uint32_t client = 0; client < 20; ++client)
    mean += surrogate.train(job(start, client)).stats.loss / 20.0;
  CHECK(surrogate.loss(start.get()) == doctest::Approx(mean).epsilon(1e-6));
  CHECK(surrogate.train(job(start, 1)).stats.tokens == surrogate.size(1).tokens);
}

TEST_CASE("jobs are pure, noise depends on the job, and nobody without examples is refused") {
  auto config = small();
  config.surrogate.noise = 0.1;
  const auto layout = actors::surrogate_layout(config);
  const actors::Surrogate surrogate(config, layout);
  const auto start = std::make_shared<const model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), 0.0f)});
  auto later = job(start, 2);
  later.seq = 6;
  CHECK(surrogate.train(job(start, 2)).adapter.values ==
        surrogate.train(job(start, 2)).adapter.values);
  CHECK(surrogate.train(job(start, 2)).adapter.values != surrogate.train(later).adapter.values);
  config.surrogate.examples = sim::Distribution::constant(0.0);
  CHECK_THROWS_AS(actors::Surrogate(config, layout), InputError);
}
