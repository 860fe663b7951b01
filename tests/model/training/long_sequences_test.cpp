#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/files.hpp"
#include "partition/support/indices.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/padded_batch.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// The shipped base with GELU: of the millions of inputs of a ReLU here some are so near to zero
/// that rounding decides on their sign, and with it on the gradient (3e-3 of it, by the float64
/// gradient of the same batches).
BaseModelPtr smooth_base() {
  const auto shipped = source_folder() / "scenarios" / "base" / "opt-mini";
  const TemporaryFolder folder;
  std::string config = read_file(shipped / "config.json");
  config.replace(config.find("relu"), 4, "gelu");
  write_file(folder / "config.json", config);
  std::filesystem::create_symlink(shipped / "model.safetensors", folder / "model.safetensors");
  return BaseModel::load({folder.path(), "float32"}, test_device());
}

const BaseModel& smooth() {
  static const BaseModelPtr base = smooth_base();
  return *base;
}

/// Sequences of these lengths, padded on the right; every token but the first of each is a label.
PaddedBatch padded(const std::vector<std::int64_t>& lengths) {
  Random random(11, Purpose::sample);
  PaddedBatch batch;
  batch.rows = static_cast<std::int64_t>(lengths.size());
  batch.columns = *std::max_element(lengths.begin(), lengths.end());
  for (const std::int64_t length : lengths) {
    for (std::int64_t c = 0; c < batch.columns; ++c) {
      const bool real = c < length;
      const auto token = static_cast<std::int64_t>(random.below(4096));
      batch.tokens.push_back(real ? token : 1);
      batch.mask.push_back(real ? 1 : 0);
      batch.labels.push_back(real && c > 0 ? token : -100);
    }
  }
  return batch;
}

}  // namespace

TEST_CASE("sequences of several query blocks give the padded form's logits and gradients") {
  // Blocks are of at least 128 queries: 1, 2, 2 and 4 of them. 4096 tokens of vocabulary make
  // chunks of 256 labels in the head.
  const Adapter adapter = random_adapter(smooth().shape(), lora_on(kAllModules), 0.05);
  for (const std::vector<std::int64_t>& lengths :
       {std::vector<std::int64_t>{255}, {256}, {257}, {512}, {257, 512, 255, 256}}) {
    const PaddedBatch batch = padded(lengths);
    const Unpadded packed = unpad(batch);
    const double logits = largest_difference(
        packed_logits(smooth(), &adapter, packed.batch, false),
        take_rows(padded_logits_of(smooth(), &adapter, batch), packed.source, 4096));
    const LossAndGradient ours = packed_loss(smooth(), adapter, packed.batch);
    const LossAndGradient theirs = padded_loss_of(smooth(), adapter, batch);
    const double gradient =
        largest_relative_difference(*adapter.layout, ours.gradient, theirs.gradient);
    MESSAGE(lengths.size() << " sequence(s), the first of " << lengths[0] << ": logits " << logits
                           << ", loss " << std::abs(ours.loss / theirs.loss - 1.0) << ", gradients "
                           << gradient);
    CHECK(logits <= 2e-4);  // 1.06e-4 on an H200
    CHECK(ours.loss == doctest::Approx(theirs.loss).epsilon(1e-6).scale(0.0));
    CHECK(gradient <= 1e-4);
  }
}

TEST_CASE("a long step in parts has the gradient of the step as a whole") {
  Random random(12, Purpose::sample);
  auto data = std::make_shared<EncodedData>();
  Indices examples;
  for (const std::size_t length : {300, 40, 512, 7, 260}) {
    std::vector<std::int32_t> tokens(length);
    for (auto& token : tokens) {
      token = static_cast<std::int32_t>(random.below(4096));
    }
    examples.push_back(static_cast<std::uint32_t>(data->size()));
    data->add(tokens, length / 2, length / 2);
  }
  const LoraConfig lora = lora_on(kAllModules);
  TrainConfig train;
  train.optimizer = "sgd";
  train.lr = 1.0;
  train.weight_decay = 0.0;
  train.max_grad_norm = 0.0;
  train.steps = 1;
  train.batch_size = 5;
  const TrainJob job{0,
                     0,
                     1,
                     0,
                     std::make_shared<const Adapter>(random_adapter(smooth().shape(), lora, 0.05)),
                     std::make_shared<const Indices>(examples)};
  const auto base = smooth_base();
  std::vector<std::vector<float>> moves;
  std::vector<TrainStats> stats;
  for (const std::int64_t batch_tokens : {2048, 350, 1}) {  // in 1, 3 or 4, and 5 parts
    train.batch_tokens = batch_tokens;
    const TrainResult result = make_lora_trainer(base, data, lora, train)->train(job);
    moves.push_back(result.adapter.values);
    for (std::size_t i = 0; i < moves.back().size(); ++i) {
      moves.back()[i] -= job.start->values[i];
    }
    stats.push_back(result.stats);
  }
  for (std::size_t i = 1; i < moves.size(); ++i) {
    CHECK(largest_relative_difference(*job.start->layout, moves[i], moves[0]) <= 1e-4);
    CHECK(stats[i].loss == doctest::Approx(stats[0].loss).epsilon(1e-6).scale(0.0));
    CHECK(stats[i].tokens == 1119);
    CHECK(stats[i].label_tokens == stats[0].label_tokens);
    CHECK(stats[i].steps == 1);
  }
}
