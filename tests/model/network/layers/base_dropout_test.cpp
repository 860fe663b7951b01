#include "model/network/layers/base_dropout.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/training/lora_trainer.hpp"
#include "tests/model/changed_model.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/padded_batch.hpp"
#include "tests/model/random_adapter.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

DropoutRates with(double hidden, double attention, double layer = 0.0) {
  return {hidden, attention, layer};
}

std::vector<float> mask(const BaseDropout& dropout, std::size_t size, std::int64_t sequence,
                        std::int64_t row) {
  std::vector<float> values(size, 1.0f);
  dropout.apply(values, DropoutSite::feed_forward, 3, 0, sequence, row);
  return values;
}

/// A tiny model, an adapter on all its modules, and a batch padded on the right.
struct DropoutRun {
  GoldenOpt golden;
  Adapter adapter = random_adapter(golden.base().shape(), lora_on(kAllModules));
  PaddedBatch padded = golden.padded("right");
  PackedBatch packed = unpad(padded).batch;

  explicit DropoutRun(const std::string& model = "opt_prenorm") : golden(model) {}

  [[nodiscard]] LossAndGradient with_dropout(const BaseDropout& dropout) const {
    return packed_loss(golden.base(), adapter, packed, {}, dropout);
  }
};

}  // namespace

TEST_CASE("entries are dropped with their probability, each with a draw of its own") {
  const BaseDropout dropout(with(0.25, 0.0), 42);
  std::vector<float> all;
  for (std::int64_t row = 0; row < 500; ++row) {
    const std::vector<float> values = mask(dropout, 203, 1, row);
    all.insert(all.end(), values.begin(), values.end());
  }
  const auto dropped = static_cast<double>(std::count(all.begin(), all.end(), 0.0f));
  const auto size = static_cast<double>(all.size());
  CHECK(std::abs(dropped / size - 0.25) < 4.0 * std::sqrt(0.25 * 0.75 / size));
  CHECK(std::count(all.begin(), all.end(), 4.0f / 3.0f) ==
        static_cast<std::ptrdiff_t>(size - dropped));

  const std::vector<float> one = mask(dropout, 64, 1, 2);
  CHECK(one == mask(dropout, 64, 1, 2));
  CHECK(one != mask(dropout, 64, 1, 3));
  CHECK(one != mask(dropout, 64, 2, 2));
  CHECK(one != mask(dropout.at_step(1), 64, 1, 2));
  CHECK(one != mask(BaseDropout(with(0.25, 0.0), 43), 64, 1, 2));
  CHECK(one == mask(dropout.from_sequence(1), 64, 0, 2));
  const std::vector<float> start = mask(dropout, 13, 1, 2);
  CHECK(std::equal(start.begin(), start.end(), one.begin()));
}

TEST_CASE("without probabilities the bits are those without dropout") {
  const DropoutRun setting;
  const LossAndGradient plain = packed_loss(setting.golden.base(), setting.adapter, setting.packed);
  const LossAndGradient none = setting.with_dropout({with(0.0, 0.0), 42});
  CHECK(none.loss == plain.loss);
  CHECK(none.gradient == plain.gradient);
}

TEST_CASE("the packed form drops what the padded form drops") {
  for (const char* model : {"opt_prenorm", "opt_postnorm_proj"}) {
    const DropoutRun setting(model);
    for (const auto& rates :
         {with(0.3, 0.0), with(0.0, 0.3), with(0.2, 0.1), with(0.1, 0.1, 0.5)}) {
      for (const std::uint64_t key : {1, 2, 3}) {
        const BaseDropout dropout(rates, key);
        if (dropout.skips(0) && dropout.skips(1)) continue;
        const LossAndGradient packed = setting.with_dropout(dropout);
        const LossAndGradient padded =
            padded_loss_of(setting.golden.base(), setting.adapter, setting.padded, {}, dropout);
        CHECK(packed.loss == doctest::Approx(padded.loss).epsilon(1e-6).scale(0.0));
        double largest = 0.0;
        for (const float value : padded.gradient) {
          largest = std::max(largest, static_cast<double>(std::abs(value)));
        }
        CHECK(largest_difference(packed.gradient, padded.gradient) <= 5e-5 * largest);
        CHECK(packed.loss !=
              packed_loss(setting.golden.base(), setting.adapter, setting.packed).loss);
      }
    }
  }
}

TEST_CASE("the gradient under fixed masks is what small steps show") {
  const DropoutRun setting;
  for (const auto& rates : {with(0.3, 0.0), with(0.0, 0.3), with(0.2, 0.2)}) {
    const BaseDropout dropout(rates, 5);
    const LossAndGradient at = setting.with_dropout(dropout);
    const double norm = l2_norm(at.gradient);
    const double reach = 0.0005;
    double losses[2];
    for (int side = 0; side < 2; ++side) {
      Adapter moved = setting.adapter;
      for (std::size_t i = 0; i < moved.values.size(); ++i) {
        moved.values[i] += static_cast<float>((side == 0 ? reach : -reach) * at.gradient[i] / norm);
      }
      losses[side] = packed_loss(setting.golden.base(), moved, setting.packed, {}, dropout).loss;
    }
    CHECK((losses[0] - losses[1]) / (2.0 * reach) ==
          doctest::Approx(norm).epsilon(0.005).scale(0.0));
  }
}

TEST_CASE("over many masks the loss is near that without dropout") {
  const DropoutRun setting;
  const double plain = packed_loss(setting.golden.base(), setting.adapter, setting.packed).loss;
  double sum = 0.0;
  double squares = 0.0;
  constexpr int kDraws = 200;
  for (int i = 0; i < kDraws; ++i) {
    const double loss =
        setting.with_dropout({with(0.05, 0.05), static_cast<std::uint64_t>(i)}).loss;
    sum += loss / kDraws;
    squares += loss * loss / kDraws;
  }
  const double spread = std::sqrt(squares - sum * sum);
  MESSAGE("plain " << plain << ", mean under dropout " << sum << ", deviation " << spread);
  CHECK(spread > 0.0);
  CHECK(std::abs(sum / plain - 1.0) < 0.02);
}

TEST_CASE("layers are skipped with the probability of layerdrop") {
  const BaseDropout dropout(with(0.0, 0.0, 0.25), 9);
  int skipped = 0;
  constexpr int kDraws = 4000;
  for (int step = 0; step < kDraws; ++step) {
    skipped += dropout.at_step(static_cast<std::uint64_t>(step)).skips(1) ? 1 : 0;
  }
  CHECK(std::abs(skipped / static_cast<double>(kDraws) - 0.25) < 4.0 * std::sqrt(0.1875 / kDraws));
  CHECK_FALSE(BaseDropout(with(0.1, 0.1), 9).skips(1));
}

TEST_CASE("a model's dropout acts in training unless it is switched off, parts or not") {
  const ChangedModel dropping([](NamedTensor&) {}, {},
                              {{"dropout", 0.2}, {"attention_dropout", 0.1}});
  const BaseModelPtr base = dropping.load();
  auto data = std::make_shared<EncodedData>();
  Random random(10, Purpose::sample);
  for (std::size_t i = 0; i < 6; ++i) {
    std::vector<std::int32_t> tokens(20 + 3 * i);
    for (auto& token : tokens) {
      token = static_cast<std::int32_t>(random.below(512));
    }
    data->add(tokens, 5, 5);
  }
  const LoraConfig lora = lora_on({"q_proj", "v_proj"});
  const auto start = std::make_shared<const Adapter>(random_adapter(base->shape(), lora));
  std::vector<std::uint32_t> examples(6);
  std::iota(examples.begin(), examples.end(), 0u);
  const auto train = [&](const std::string& base_dropout, std::int64_t batch_tokens) {
    TrainConfig config;
    config.batch_size = 3;
    config.batch_tokens = batch_tokens;
    config.base_dropout = base_dropout;
    const TrainJob job{1, 2,     3,
                       0, start, std::make_shared<const std::vector<std::uint32_t>>(examples)};
    return make_lora_trainer(base, data, lora, config)->train(job);
  };
  const TrainResult whole = train("config", 4096);
  CHECK(whole.adapter.values == train("config", 4096).adapter.values);
  CHECK(whole.stats.loss != train("none", 4096).stats.loss);
  const TrainResult parts = train("config", 40);
  CHECK(parts.stats.loss == doctest::Approx(whole.stats.loss).epsilon(1e-5).scale(0.0));
}
