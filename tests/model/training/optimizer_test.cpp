#include "model/training/optimizer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "partition/support/error.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

TrainConfig config(const std::string& optimizer) {
  TrainConfig train;
  train.optimizer = optimizer;
  train.lr = 0.1;
  train.weight_decay = 0.0;
  return train;
}

}  // namespace

TEST_CASE("AdamW's first step has the length of the learning rate") {
  std::vector<float> weights = {1.0f, 1.0f, 1.0f};
  make_optimizer(config("adamw"), 3)->step(weights, std::vector<float>{5.0f, -0.001f, 0.0f}, 0.1);
  CHECK(weights[0] == doctest::Approx(0.9));
  CHECK(weights[1] == doctest::Approx(1.1).epsilon(1e-4));
  CHECK(weights[2] == 1.0f);
}

TEST_CASE("AdamW decays weights apart from the gradient") {
  TrainConfig train = config("adamw");
  train.weight_decay = 0.5;
  std::vector<float> weights = {2.0f};
  make_optimizer(train, 1)->step(weights, std::vector<float>{0.0f}, 0.1);
  CHECK(weights[0] == doctest::Approx(2.0 * (1.0 - 0.1 * 0.5)));
}

TEST_CASE("AdamW's second step, by hand") {
  std::vector<float> weights = {0.0f};
  const auto optimizer = make_optimizer(config("adamw"), 1);
  optimizer->step(weights, std::vector<float>{1.0f}, 0.1);
  optimizer->step(weights, std::vector<float>{3.0f}, 0.1);
  const double m = (0.9 * 0.1 * 1.0 + 0.1 * 3.0) / (1.0 - 0.81);
  const double v = (0.999 * 0.001 * 1.0 + 0.001 * 9.0) / (1.0 - 0.998001);
  CHECK(weights[0] == doctest::Approx(-0.1 - 0.1 * m / std::sqrt(v)));
}

TEST_CASE("SGD's momentum gathers past gradients") {
  TrainConfig train = config("sgd");
  train.momentum = 0.5;
  train.weight_decay = 0.1;
  std::vector<float> weights = {1.0f};
  const auto optimizer = make_optimizer(train, 1);
  optimizer->step(weights, std::vector<float>{2.0f}, 0.1);  // change 2.1
  CHECK(weights[0] == doctest::Approx(0.79));
  optimizer->step(weights, std::vector<float>{0.0f}, 0.1);  // change 0.5 * 2.1 + 0.079
  CHECK(weights[0] == doctest::Approx(0.79 - 0.1 * (1.05 + 0.079)));
}

TEST_CASE("an unknown optimizer is refused with the known ones") {
  CHECK_THROWS_WITH_AS(
      make_optimizer(config("adam"), 1),
      "train.optimizer: \"adam\" is not known; known: adamw, sgd (did you mean \"adamw\"?)",
      InputError);
}

TEST_CASE("a step uses the learning rate that it is given") {
  for (const char* name : {"adamw", "sgd"}) {
    std::vector<float> weights = {1.0f};
    make_optimizer(config(name), 1)->step(weights, std::vector<float>{1.0f}, 0.25);
    CHECK(weights[0] == doctest::Approx(0.75));
  }
}

TEST_CASE("learning rates follow their schedule over the steps of a job") {
  TrainConfig train = config("sgd");
  train.lr = 0.8;
  const auto rates = [&train](const std::string& schedule) {
    train.lr_schedule = schedule;
    std::vector<double> all;
    for (std::size_t step = 0; step < 4; ++step) {
      all.push_back(scheduled_lr(train, step, 4));
    }
    return all;
  };
  CHECK(rates("constant") == std::vector<double>(4, 0.8));
  const std::vector<double> linear = {0.8, 0.6, 0.4, 0.2};
  // (1 + cos) / 2 at 0, 45, 90 and 135 degrees
  const std::vector<double> cosine = {0.8, 0.682842712474619, 0.4, 0.11715728752538099};
  for (std::size_t step = 0; step < 4; ++step) {
    CHECK(rates("linear")[step] == doctest::Approx(linear[step]).epsilon(1e-12));
    CHECK(rates("cosine")[step] == doctest::Approx(cosine[step]).epsilon(1e-12));
  }
}

TEST_CASE("an unknown schedule is refused with the known ones") {
  TrainConfig train = config("adamw");
  train.lr_schedule = "linaer";
  CHECK_THROWS_WITH_AS(scheduled_lr(train, 0, 1),
                       "train.lr_schedule: \"linaer\" is not known; known: constant, linear, "
                       "cosine (did you mean \"linear\"?)",
                       InputError);
}

TEST_CASE("clipping shortens long gradients and leaves short ones alone") {
  std::vector<float> gradients = {3.0f, 4.0f};
  CHECK(clip_by_norm(gradients, 10.0) == doctest::Approx(5.0));
  CHECK(gradients == std::vector<float>{3.0f, 4.0f});
  clip_by_norm(gradients, 0.0);
  CHECK(gradients == std::vector<float>{3.0f, 4.0f});
  clip_by_norm(gradients, 1.0);
  CHECK(gradients[0] == doctest::Approx(0.6));
  CHECK(gradients[1] == doctest::Approx(0.8));
}

TEST_CASE("the prox term pulls towards the start") {
  std::vector<float> gradients = {1.0f, 1.0f};
  add_prox(gradients, std::vector<float>{3.0f, 0.0f}, std::vector<float>{1.0f, 1.0f}, 0.5);
  CHECK(gradients[0] == doctest::Approx(2.0));
  CHECK(gradients[1] == doctest::Approx(0.5));
}
