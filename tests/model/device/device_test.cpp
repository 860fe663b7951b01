#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/device/device_name.hpp"
#include "model/device/runtime_info.hpp"
#include "model/evaluation/generation.hpp"
#include "model/evaluation/scorer.hpp"
#include "model/network/base_model.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/network/scarce_memory.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/model/reference_limits.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

const std::vector<std::string> kModels = {"opt_prenorm", "opt_postnorm_proj"};

/// Two sequences; the first is long enough to be taken in several blocks of queries.
PackedBatch long_batch() {
  Random random(5, Purpose::schedule_test);
  PackedBatch batch;
  for (const std::size_t length : {std::size_t{300}, std::size_t{7}}) {
    std::vector<std::int32_t> tokens(length);
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(512));
    batch.add(tokens, length / 2);
  }
  return batch;
}

/// While it lives, this thread computes as a GPU would. It does so anyway where
/// LORAFLEET_TEST_DEVICE names one.
struct AsOnAGpu {
  AsOnAGpu() {
    if (test_device() == "cpu") off.emplace();
  }
  std::optional<HostKernelsOff> off;
};

}  // namespace

TEST_CASE("a device that is not there is refused") {
  CHECK(runtime_info().device == "cpu");
  for (const char* name : {"cpu", "cuda", "cuda:0", "cuda:12"})
    CHECK(is_device_name(name));
  for (const char* name : {"", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:01", "cuda:128", "cpu:0"})
    CHECK_FALSE(is_device_name(name));
  const ModelConfig model = {golden_folder() / "opt" / "opt_prenorm" / "hf", "float32"};
  CHECK_THROWS_WITH_AS(BaseModel::load(model, "tpu"),
                       "slots.device: \"tpu\" is no device; allowed: cpu, cuda, cuda:N",
                       InputError);
  // No machine has a GPU 99, and most have no CUDA at all.
  CHECK_THROWS_WITH_AS(BaseModel::load(model, "cuda:99"), doctest::Contains("allowed: cpu"),
                       InputError);
}

TEST_CASE("float16 is refused on the CPU") {
  CHECK_THROWS_WITH_AS(
      BaseModel::load({golden_folder() / "opt" / "opt_prenorm" / "hf", "float16"}),
      "model.dtype: float16 needs a GPU: LibTorch has no float16 matrix products on CPUs; "
      "allowed there: float32, bfloat16",
      InputError);
}

TEST_CASE("a GPU's name comes from the driver, where there is one") {
  using Function = void (*)();
  static int asked = -1;
  int (*const get)(int*, int) = [](int* device, int index) {
    asked = index;
    *device = 40 + index;
    return index < 2 ? 0 : 101;
  };
  int (*const get_name)(char*, int, int) = [](char* text, int size, int device) {
    CHECK(size >= 100);
    std::string("GPU " + std::to_string(device)).copy(text, static_cast<std::size_t>(size));
    return 0;
  };
  const auto driver = [&](const char* name) -> void* {
    const bool is_get = std::string(name) == "cuDeviceGet";
    return reinterpret_cast<void*>(is_get ? reinterpret_cast<Function>(get)
                                          : reinterpret_cast<Function>(get_name));
  };
  CHECK(gpu_name(driver, 1) == "GPU 41");
  CHECK(asked == 1);
  CHECK(gpu_name(driver, 2) == "unknown");
  CHECK(gpu_name([](const char*) -> void* { return nullptr; }, 0) == "unknown");
}

TEST_CASE("a GPU's libraries say in several ways that there is no memory") {
  for (const char* text : {"CUDA error: out of memory",
                           "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`",
                           "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate`",
                           "CUDA driver error: CUDA_ERROR_OUT_OF_MEMORY"})
    CHECK(is_out_of_memory(text));
  CHECK_FALSE(is_out_of_memory("CUDA error: an illegal memory access was encountered"));
  CHECK_FALSE(is_out_of_memory("CUBLAS_STATUS_NOT_SUPPORTED"));
}

TEST_CASE("what a GPU would compute is what Hugging Face and PEFT compute") {
  const AsOnAGpu gpu;
  for (const auto& name : kModels) {
    const GoldenOpt golden(name);
    const Adapter adapter = golden.adapter("lora.init.");
    const auto vocabulary = static_cast<std::size_t>(golden.base().shape().vocabulary);
    for (const std::string batch : {"nopad", "right"}) {
      const Unpadded unpadded = unpad(golden.padded(batch));
      const double base = largest_difference(
          packed_logits(golden.base(), nullptr, unpadded.batch, false),
          take_rows(golden.floats("base." + batch + ".logits"), unpadded.source, vocabulary));
      const double lora = largest_difference(
          packed_logits(golden.base(), &adapter, unpadded.batch, false),
          take_rows(golden.floats("lora." + batch + ".logits"), unpadded.source, vocabulary));
      const LossAndGradient result = packed_loss(golden.base(), adapter, unpadded.batch);
      const double loss = relative_difference(result.loss, golden.loss("lora." + batch + ".loss"));
      const double gradient = largest_relative_difference(
          *adapter.layout, result.gradient, golden.factors("lora." + batch + ".grad."));
      MESSAGE(name << " " << batch << " without host kernels: base logits " << base << ", LoRA's "
                   << lora << ", loss " << loss << ", gradients " << gradient);
      CHECK(base <= kLogitsTolerance);
      CHECK(lora <= kLogitsTolerance);
      CHECK(loss <= kLossTolerance);
      CHECK(gradient <= kGradientTolerance);
      const LossAndGradient padded = padded_loss_of(golden.base(), adapter, golden.padded(batch));
      CHECK(relative_difference(padded.loss, golden.loss("lora." + batch + ".loss")) <=
            kLossTolerance);
    }
  }
}

TEST_CASE("host kernels and ATen's operators agree, on long sequences and with dropout") {
  const ModelConfig model = {source_folder() / "scenarios" / "base" / "opt-mini", "float32"};
  const auto here = BaseModel::load(model);
  const auto there = BaseModel::load(model, test_device());
  const Adapter adapter = random_adapter(here->shape(), lora_on(kAllModules), 0.05);
  const PackedBatch batch = long_batch();
  const auto step = [&](const BaseModel& base, bool drops) {
    const Dropout dropout = {0.1, Random(3, Purpose::lora_dropout, 1, 2)};
    return drops ? packed_loss(base, adapter, batch, dropout, BaseDropout({0.2, 0.3}, 9))
                 : packed_loss(base, adapter, batch);
  };
  for (const bool drops : {false, true}) {
    const LossAndGradient host = step(*here, drops);
    const AsOnAGpu gpu;
    const LossAndGradient aten = step(*there, drops);
    CHECK(relative_difference(aten.loss, host.loss) <= kLossTolerance);
    const double gradient =
        largest_relative_difference(*adapter.layout, aten.gradient, host.gradient);
    MESSAGE(std::string(drops ? "with" : "without")
            << " dropout: gradients differ by " << gradient);
    CHECK(gradient <= 1e-4);
  }
}

TEST_CASE("evaluation judges rows alike with host kernels and with ATen's operators") {
  const GoldenOpt golden("opt_prenorm", "float32", "cpu"), there("opt_prenorm");
  const auto data = std::make_shared<EncodedData>();
  const PackedBatch batch = long_batch();
  data->add(std::vector<std::int32_t>(batch.tokens.begin(), batch.tokens.begin() + 100), 20, 20);
  const auto scorer = make_scorer(golden.base_pointer(), data, {0}, EvaluationConfig());
  const auto adapter = std::make_shared<const Adapter>(golden.adapter("adamw.step5."));
  const Score host = scorer->evaluate(adapter).total;
  const AsOnAGpu gpu;
  const Score aten =
      make_scorer(there.base_pointer(), data, {0}, EvaluationConfig())->evaluate(adapter).total;
  CHECK(host.label_tokens == 80);
  CHECK(aten.label_tokens == host.label_tokens);
  CHECK(aten.correct == host.correct);
  CHECK(relative_difference(aten.loss_sum, host.loss_sum) <= kLossTolerance);
}

TEST_CASE("without host kernels a job trains the same adapter") {
  const GoldenOpt golden("opt_prenorm", "float32", "cpu"), there("opt_prenorm");
  const auto data = std::make_shared<EncodedData>();
  const PackedBatch batch = long_batch();
  auto examples = std::make_shared<Indices>();
  for (std::uint32_t i = 0; i < 6; ++i) {
    const auto first = batch.tokens.begin() + 20 * i;
    data->add(std::vector<std::int32_t>(first, first + 20), 5, 5);
    examples->push_back(i);
  }
  TrainConfig train;
  train.steps = 6;
  train.batch_tokens = 50;
  const auto trainer = make_lora_trainer(golden.base_pointer(), data, LoraConfig(), train);
  TrainJob job;
  job.start = std::make_shared<const Adapter>(golden.adapter("lora.init."));
  job.examples = examples;
  const TrainResult host = trainer->train(job);
  const AsOnAGpu gpu;
  const TrainResult aten =
      make_lora_trainer(there.base_pointer(), data, LoraConfig(), train)->train(job);
  CHECK(host.stats.steps == 6);
  CHECK(relative_difference(aten.stats.loss, host.stats.loss) <= kLossTolerance);
  CHECK(relative_difference(aten.stats.last_loss, host.stats.last_loss) <= 1e-5);
  CHECK(largest_difference(aten.adapter.values, host.adapter.values) <= 1e-4);
  CHECK(largest_difference(aten.adapter.values, job.start->values) > 1e-3);
}

TEST_CASE("without host kernels greedy generation gives Hugging Face's tokens") {
  const AsOnAGpu gpu;
  for (const auto& name : kModels) {
    const GoldenOpt golden(name);
    const auto prompt = golden.integers("base.greedy.prompt");
    const auto output = golden.integers("base.greedy.output");
    GenerationConfig config;
    config.max_new_tokens = static_cast<std::int64_t>(output.size() - prompt.size());
    const auto results = generate(golden.base(), nullptr, {prompt}, config);
    std::vector<std::int64_t> expected(output.begin() + static_cast<std::ptrdiff_t>(prompt.size()),
                                       output.end());
    expected.erase(std::find(expected.begin(), expected.end(), 2), expected.end());
    CHECK(results.at(0).tokens == expected);
    const auto adapter = std::make_shared<const Adapter>(golden.adapter("adamw.step5."));
    CHECK_FALSE(generate(golden.base(), adapter, {prompt}, config).at(0).tokens.empty());
  }
}
