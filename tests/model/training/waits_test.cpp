#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "model/training/lora_trainer.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/model/tiny_bases.hpp"
#include "tests/support/fake_gpu.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

struct WaitsCase {
  std::string dtype = "float32";
  std::string quantization = "none";
  std::string recompute = "none";
  double lora_dropout = 0.0;
};

std::shared_ptr<const EncodedData> random_sequences(const ModelShape& shape, std::size_t count) {
  Random random(8, Purpose::sample);
  auto data = std::make_shared<EncodedData>();
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::int32_t> tokens(12);
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
    if (shape.classifier) {
      data->add_class(tokens, static_cast<std::int32_t>(i % 2), 0);
    } else {
      data->add(tokens, 6, 6);
    }
  }
  return data;
}

/// How often the host waits for the GPU in a job of so many steps.
std::int64_t waits_of_job(const BaseModelPtr& base, const WaitsCase& of, std::int64_t steps) {
  constexpr std::size_t kExamples = 40;
  TrainConfig train;
  train.steps = steps;
  train.batch_size = 2;
  train.recompute = of.recompute;
  LoraConfig lora = lora_on(base->shape().targets());
  lora.lora_dropout = of.lora_dropout;
  const auto trainer =
      make_lora_trainer(base, random_sequences(base->shape(), kExamples), lora, train);
  Indices examples(kExamples);
  std::iota(examples.begin(), examples.end(), 0);
  TrainJob job;
  job.start = std::make_shared<const Adapter>(random_adapter(base->shape(), lora, 0.05));
  job.examples = std::make_shared<const Indices>(examples);
  const std::int64_t before = fake_gpu_transfers()->waits;
  REQUIRE(trainer->train(job).stats.steps == steps);
  return fake_gpu_transfers()->waits - before;
}

}  // namespace

TEST_CASE("a job of more steps does not make the host wait for its GPU more often") {
  if (!fake_gpu_transfers() || test_device() == "cpu") return;
  for (const auto& folder : tiny_bases()) {
    std::vector<WaitsCase> cases = {{}};
    // The rest is alike in all families.
    if (folder == tiny_bases().front())
      cases.insert(cases.end(), {{.recompute = "layer"},
                                 {.quantization = "nf4"},
                                 {.dtype = "bfloat16"},
                                 {.lora_dropout = 0.1}});
    for (const WaitsCase& one : cases) {
      CAPTURE(folder);
      CAPTURE(one.dtype);
      CAPTURE(one.recompute);
      CAPTURE(one.quantization);
      CAPTURE(one.lora_dropout);
      ModelConfig model;
      model.path = folder;
      model.dtype = one.dtype;
      model.quantization = one.quantization;
      const auto base = BaseModel::load(model, test_device());
      waits_of_job(base, one, 1);  // what is tried and kept
      const std::int64_t few = waits_of_job(base, one, 1);
      CHECK(few > 0);
      CHECK(waits_of_job(base, one, 3) == few);
    }
  }
}
