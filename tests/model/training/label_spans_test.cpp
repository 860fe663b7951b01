#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "model/evaluation/sequence_scores.hpp"
#include "model/training/batching.hpp"
#include "model/training/lora_trainer.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/random_adapter.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

using Sequence = std::vector<std::int32_t>;
using Spans = std::vector<LabelSpan>;

const Sequence kTokens = {2, 17, 30, 41, 52, 63, 7, 8, 9, 2, 11, 12};

Score score(const GoldenOpt& golden, const Adapter& adapter, const Spans& spans) {
  EncodedData data;
  data.add(kTokens, spans, 0);
  const std::vector<std::uint32_t> all = {0};
  return score_sequences(golden.base(), std::make_shared<const Adapter>(adapter), data, all, 4096)
      .at(0);
}

std::shared_ptr<EncodedData> one(const Sequence& tokens, const Spans& spans) {
  auto data = std::make_shared<EncodedData>();
  data->add(tokens, spans, 0);
  return data;
}

TrainResult train(const GoldenOpt& golden, const LoraConfig& lora, const Adapter& start,
                  const std::shared_ptr<EncodedData>& data) {
  TrainConfig config;
  config.lr = 1e-2;
  const auto trainer = make_lora_trainer(golden.base_pointer(), data, lora, config);
  return trainer->train({0, 3, 42, 0, std::make_shared<const Adapter>(start),
                         std::make_shared<const std::vector<std::uint32_t>>(1, 0u)});
}

}  // namespace

TEST_CASE("labels in several spans are predicted from their left neighbours") {
  PackedBatch batch;
  batch.add(Sequence{9, 9}, std::size_t{2});
  batch.add(Sequence{10, 11, 12, 13, 14}, Spans{{0, 2}, {3, 4}});
  CHECK(batch.offsets == std::vector<std::int64_t>{0, 2, 7});
  CHECK(batch.label_rows == std::vector<std::int64_t>{2, 4});
  CHECK(batch.labels == std::vector<std::int64_t>{11, 13});
}

TEST_CASE("the loss of two turns is the sum of the losses of each, and of nothing between them") {
  const GoldenOpt golden("opt_prenorm");
  const Adapter adapter = random_adapter(golden.base().shape(), lora_on(kAllModules));
  const Score first = score(golden, adapter, {{2, 4}});
  const Score between = score(golden, adapter, {{4, 8}});
  const Score second = score(golden, adapter, {{8, 10}});
  const Score both = score(golden, adapter, {{2, 4}, {8, 10}});
  const Score whole = score(golden, adapter, {{2, 10}});
  CHECK(both.label_tokens == 4);
  CHECK(both.loss_sum == doctest::Approx(first.loss_sum + second.loss_sum).epsilon(1e-6));
  CHECK(whole.loss_sum == doctest::Approx(both.loss_sum + between.loss_sum).epsilon(1e-6));
  CHECK(between.loss_sum > 0.1);
}

TEST_CASE("training sees the assistant's turns only") {
  const GoldenOpt golden("opt_prenorm");
  const LoraConfig lora = lora_on({"q_proj", "v_proj"});
  const Adapter start = random_adapter(golden.base().shape(), lora, 0.05);
  const Spans spans = {{2, 4}, {8, 10}};
  const TrainResult result = train(golden, lora, start, one(kTokens, spans));
  CHECK(result.stats.label_tokens == 4);
  CHECK(result.stats.tokens == static_cast<std::int64_t>(kTokens.size()));
  CHECK(result.stats.loss == doctest::Approx(score(golden, start, spans).loss()).epsilon(1e-5));
  // What follows the last label is read by none: another token there changes nothing.
  Sequence other = kTokens;
  other[11] = 33;
  CHECK(train(golden, lora, start, one(other, spans)).adapter.values == result.adapter.values);
  // With labels between the turns the step is another one.
  CHECK(train(golden, lora, start, one(kTokens, {{2, 10}})).adapter.values !=
        result.adapter.values);
}
