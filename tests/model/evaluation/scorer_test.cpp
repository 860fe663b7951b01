#include "model/evaluation/scorer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "model/evaluation/sequence_scores.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/network/scarce_memory.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

std::shared_ptr<const EncodedData> made_up_data() {
  Random random(8, Purpose::sample);
  auto data = std::make_shared<EncodedData>();
  for (std::size_t i = 0; i < 40; ++i) {
    std::vector<std::int32_t> tokens(3 + random.below(50));
    for (auto& token : tokens) {
      token = static_cast<std::int32_t>(random.below(512));
    }
    data->add(tokens, 1 + tokens.size() / 2, 10 * (1 + i % 8));
  }
  return data;
}

Indices every_second() {
  Indices examples;
  for (std::uint32_t i = 0; i < 40; i += 2) {
    examples.push_back(i);
  }
  return examples;
}

/// The score of one example from its logits, in float64.
Score slow_score(const BaseModel& base, const Adapter* adapter, const EncodedData& data,
                 std::uint32_t example) {
  const PackedBatch batch = pack(data, Indices{example});
  const std::vector<float> logits = packed_logits(base, adapter, batch, true);
  Score score;
  score.examples = 1;
  for (std::size_t n = 0; n < batch.labels.size(); ++n) {
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(n * 512);
    double sum = 0.0;
    for (std::size_t v = 0; v < 512; ++v) {
      sum += std::exp(static_cast<double>(row[static_cast<std::ptrdiff_t>(v)]));
    }
    score.loss_sum += std::log(sum) - row[batch.labels[n]];
    score.correct += std::max_element(row, row + 512) - row == batch.labels[n] ? 1 : 0;
    ++score.label_tokens;
  }
  return score;
}

}  // namespace

TEST_CASE("scores add up over examples and bins, with and without an adapter") {
  const GoldenOpt golden("opt_prenorm");
  const auto data = made_up_data();
  EvaluationConfig config;
  config.batch_tokens = 100;
  config.context_bins = 3;
  const auto scorer = make_scorer(golden.base_pointer(), data, every_second(), config);
  const auto adapter = std::make_shared<const Adapter>(golden.adapter("lora.init."));
  for (const AdapterPtr& used : {AdapterPtr(), adapter}) {
    const Evaluation result = scorer->evaluate(used);
    Score expected;
    for (const std::uint32_t example : every_second()) {
      const Score one = slow_score(golden.base(), used.get(), *data, example);
      expected.examples += one.examples;
      expected.label_tokens += one.label_tokens;
      expected.loss_sum += one.loss_sum;
      expected.correct += one.correct;
    }
    CHECK(result.total.examples == 20);
    CHECK(result.total.label_tokens == expected.label_tokens);
    CHECK(result.total.correct == expected.correct);
    CHECK(result.total.loss_sum == doctest::Approx(expected.loss_sum).epsilon(1e-6));

    Score sum;
    std::int64_t last = -1;
    for (const ContextBin& bin : result.by_context_length) {
      CHECK(bin.low > last);
      CHECK(bin.high >= bin.low);
      last = bin.high;
      sum.examples += bin.score.examples;
      sum.label_tokens += bin.score.label_tokens;
      sum.loss_sum += bin.score.loss_sum;
      sum.correct += bin.score.correct;
    }
    CHECK(sum.examples == 20);
    CHECK(sum.label_tokens == result.total.label_tokens);
    CHECK(sum.correct == result.total.correct);
    CHECK(sum.loss_sum == doctest::Approx(result.total.loss_sum));
  }
}

TEST_CASE("bins cut at the quantiles of context length, and equal lengths stay together") {
  // every_second has the context lengths 10, 30, 50, 70, five times each.
  const GoldenOpt golden("opt_prenorm");
  EvaluationConfig config;
  config.context_bins = 2;
  const auto halves = make_scorer(golden.base_pointer(), made_up_data(), every_second(), config)
                          ->evaluate(nullptr)
                          .by_context_length;
  REQUIRE(halves.size() == 2);
  CHECK(halves[0].low == 10);
  CHECK(halves[0].high == 30);
  CHECK(halves[0].score.examples == 10);
  CHECK(halves[1].low == 50);
  CHECK(halves[1].high == 70);
  config.context_bins = 15;  // more than there are lengths
  CHECK(make_scorer(golden.base_pointer(), made_up_data(), every_second(), config)
            ->evaluate(nullptr)
            .by_context_length.size() == 4);
}

TEST_CASE("an adapter with B = 0 scores as the base does") {
  const GoldenOpt golden("opt_postnorm_proj");
  const auto scorer = make_scorer(golden.base_pointer(), made_up_data(), every_second(), {});
  const auto fresh = std::make_shared<const Adapter>(initial_adapter(golden.layout(), 1));
  CHECK(scorer->evaluate(fresh).total.loss_sum == scorer->evaluate(nullptr).total.loss_sum);
}

TEST_CASE("nothing to score is no error") {
  const GoldenOpt golden("opt_prenorm");
  const Evaluation result =
      make_scorer(golden.base_pointer(), made_up_data(), {}, {})->evaluate(nullptr);
  CHECK(result.total.examples == 0);
  CHECK(result.total.loss() == 0.0);
  CHECK(result.by_context_length.empty());
}

TEST_CASE("where memory does not suffice for a batch of examples, parts have the same scores") {
  const HostKernelsOff as_on_a_gpu;
  const GoldenOpt golden("opt_prenorm", "float32", "cpu");
  const auto data = made_up_data();
  const auto adapter = std::make_shared<const Adapter>(golden.adapter("adamw.step5."));
  const auto scores = [&](std::int64_t batch_tokens) {
    return score_sequences(golden.base(), adapter, *data, every_second(), batch_tokens);
  };
  const auto same = [](const std::vector<Score>& a, const std::vector<Score>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Score& one, const Score& other) {
                        return one.loss_sum == other.loss_sum && one.correct == other.correct &&
                               one.label_tokens == other.label_tokens;
                      });
  };
  constexpr std::int64_t kTokens = 300;
  std::size_t enough = 0;
  {
    const ScarceMemory memory(SIZE_MAX);
    scores(1);
    enough = memory.largest();
  }
  std::vector<Score> expected;
  std::int64_t requests = 0;
  {
    const ScarceMemory memory(SIZE_MAX);
    expected = scores(kTokens);
    requests = memory.requests();
  }
  {
    const ScarceMemory memory(enough);
    CHECK(same(scores(kTokens), expected));
    CHECK(memory.refusals() > 0);
    CHECK(memory.refusals() < 5);  // later batches know
  }
  constexpr std::int64_t kTries = 20;
  for (std::int64_t i = 1; i < kTries; ++i) {
    ScarceMemory memory(SIZE_MAX);
    memory.refuse(i * requests / kTries);
    CHECK(same(scores(kTokens), expected));
    CHECK(memory.refusals() == 1);
  }
  const ScarceMemory memory(64 * 64);
  CHECK_THROWS_WITH_AS(scores(kTokens), doctest::Contains("a lower data.max_tokens"),
                       RuntimeFailure);
}
