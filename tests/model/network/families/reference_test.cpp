#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/evaluation/generation.hpp"
#include "model/files/checkpoint.hpp"
#include "model/network/merge.hpp"
#include "model/training/optimizer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/model/golden_family.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/reference_deviations.hpp"
#include "tests/model/reference_limits.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// Logits of the packed form against the stored ones, at all real tokens.
double logits_deviation(const GoldenFamily& golden, const BaseModel& base, const Adapter* adapter,
                        const std::string& batch, const std::string& key) {
  const Unpadded unpadded = unpad(golden.padded(batch));
  const auto vocabulary = static_cast<std::size_t>(base.shape().vocabulary);
  return largest_difference(packed_logits(base, adapter, unpadded.batch, false),
                            take_rows(golden.floats(key), unpadded.source, vocabulary));
}

/// A copy of the model's folder with another of its configurations.
void write_variant(const GoldenFamily& golden, const std::string& config,
                   const std::filesystem::path& out) {
  make_folder(out);
  const auto hub = golden.folder() / "hub";
  const bool own = std::filesystem::exists(hub / "model.safetensors");
  std::filesystem::copy_file((own ? hub : golden.folder() / "hf") / "model.safetensors",
                             out / "model.safetensors");
  std::filesystem::copy_file(hub / config, out / "config.json");
}

/// What Hugging Face generated after a prompt, up to the first end.
std::vector<std::int64_t> until_end(const ModelShape& shape,
                                    const std::vector<std::int64_t>& output, std::size_t begin,
                                    std::size_t end) {
  std::vector<std::int64_t> tokens;
  for (std::size_t i = begin; i < end && !shape.ends_with(output[i]); ++i)
    tokens.push_back(output[i]);
  return tokens;
}

/// Greedy continuations of `name`.prompt against `name`.output.
void check_generation(const GoldenFamily& golden, const BaseModel& base, const std::string& prompt,
                      const std::string& output) {
  const auto sizes = golden.shape(prompt + ".prompt");
  const auto columns = static_cast<std::size_t>(sizes[1]);
  const auto width = static_cast<std::size_t>(golden.shape(output + ".output")[1]);
  const auto tokens = golden.integers(prompt + ".prompt");
  const auto expected = golden.integers(output + ".output");
  const bool padded = golden.has(prompt + ".attention_mask");
  const auto mask = padded ? golden.integers(prompt + ".attention_mask")
                           : std::vector<std::int64_t>(tokens.size(), 1);
  std::vector<std::vector<std::int64_t>> prompts;
  for (std::size_t r = 0; r < static_cast<std::size_t>(sizes[0]); ++r) {
    prompts.emplace_back();
    for (std::size_t c = 0; c < columns; ++c) {
      if (mask[r * columns + c] == 1) prompts.back().push_back(tokens[r * columns + c]);
    }
  }
  GenerationConfig config;
  config.max_new_tokens = static_cast<std::int64_t>(width - columns);
  const auto results = generate(base, nullptr, prompts, config);
  for (std::size_t r = 0; r < results.size(); ++r) {
    CHECK(results[r].tokens ==
          until_end(base.shape(), expected, r * width + columns, (r + 1) * width));
  }
}

}  // namespace

TEST_CASE("all families' logits and hidden states are those of Hugging Face") {
  const std::vector<std::string> names = golden_families();
  REQUIRE(names.size() == 15);
  for (const auto& name : names) {
    CAPTURE(name);
    const GoldenFamily golden(name);
    double worst = 0.0;
    for (const char* batch : {"nopad", "left"}) {
      const std::string key = std::string("base.") + batch + ".logits";
      worst = std::max(worst, logits_deviation(golden, golden.base(), nullptr, batch, key));
    }
    const auto states =
        packed_hidden_states(golden.base(), nullptr, unpad(golden.padded("nopad")).batch);
    const double hidden = hidden_deviation(golden, states);
    MESSAGE(name << ": logits " << worst << ", hidden states " << hidden);
    CHECK(worst <= kLogitsTolerance);
    CHECK(hidden <= kHiddenTolerance);
  }
}

TEST_CASE("all families' LoRA logits, losses and gradients are those of PEFT") {
  for (const auto& name : golden_families()) {
    CAPTURE(name);
    const GoldenFamily golden(name);
    const Adapter adapter = golden.adapter("lora.init.");
    double logits = 0.0;
    double loss = 0.0;
    double gradient = 0.0;
    for (const auto& batch : kPaddedBatches) {
      const std::string key = "lora." + batch;
      if (golden.has(key + ".logits")) {
        logits = std::max(
            logits, logits_deviation(golden, golden.base(), &adapter, batch, key + ".logits"));
      }
      const LossAndGradient result =
          packed_loss(golden.base(), adapter, unpad(golden.padded(batch)).batch);
      loss = std::max(loss, relative_difference(result.loss, golden.floats(key + ".loss").at(0)));
      if (golden.keys(key + ".grad.").empty()) continue;
      gradient =
          std::max(gradient, largest_relative_difference(*adapter.layout, result.gradient,
                                                         golden.adapter(key + ".grad.").values));
    }
    MESSAGE(name << ": LoRA logits " << logits << ", loss " << loss << ", gradients " << gradient);
    CHECK(logits <= kLogitsTolerance);
    CHECK(loss <= kLossTolerance);
    CHECK(gradient <= kGradientTolerance);
    CHECK(gradient > 0.0);
  }
}

TEST_CASE("five AdamW steps lead to PEFT's weights, in all families") {
  TrainConfig train;
  train.lr = 1e-2;
  for (const auto& name : golden_families()) {
    CAPTURE(name);
    const GoldenFamily golden(name);
    Adapter adapter = golden.adapter("lora.init.");
    const auto optimizer = make_optimizer(train, adapter.values.size());
    const std::vector<float> losses = golden.floats("adamw.losses");
    const std::vector<std::string> order = {"right", "left", "nopad", "right", "left"};
    double loss = 0.0;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const LossAndGradient result =
          packed_loss(golden.base(), adapter, unpad(golden.padded(order[k])).batch);
      optimizer->step(adapter.values, result.gradient, train.lr);
      loss = std::max(loss, relative_difference(result.loss, losses[k]));
    }
    const double weights = largest_difference(adapter.values, golden.trained().values);
    const double logits = logits_deviation(golden, golden.base(), &golden.trained(), "nopad",
                                           "lora_after5.nopad.logits");
    MESSAGE(name << ": losses " << loss << ", weights " << weights << ", logits " << logits);
    CHECK(loss <= kLossTolerance);
    CHECK(weights <= kWeightsTolerance);
    CHECK(logits <= kLogitsTolerance);
  }
}

TEST_CASE("all families merge as PEFT does") {
  for (const auto& name : golden_families()) {
    CAPTURE(name);
    const GoldenFamily golden(name);
    const TemporaryFolder folder;
    for (const char* form : {"hf", "hub"}) {
      const auto source = golden.folder() / form;
      if (!std::filesystem::exists(source / "model.safetensors")) continue;
      write_merged(source, golden.trained(), folder / form, DType::float32, 1'000'000'000);
      const auto merged = BaseModel::load({folder / form, "float32"}, test_device());
      const Checkpoint file(folder / form);
      if (std::string(form) != "hf") continue;
      const double logits =
          logits_deviation(golden, *merged, nullptr, "nopad", "merged_after5.nopad.logits");
      const double weights = merged_deviation(golden, file);
      MESSAGE(name << ": merged logits " << logits << ", weights " << weights);
      CHECK(logits <= kLogitsTolerance);
      CHECK(weights <= kMergedTolerance);
    }
  }
}

TEST_CASE("all families continue texts as Hugging Face does, with their ends and windows") {
  for (const auto& name : golden_families()) {
    CAPTURE(name);
    const GoldenFamily golden(name);
    check_generation(golden, golden.base(), "base.greedy_leftpad", "base.greedy_eos_leftpad");
    const TemporaryFolder folder;  // the same without an end that is met
    std::filesystem::copy_file(golden.folder() / "hf" / "model.safetensors",
                               folder / "model.safetensors");
    std::filesystem::copy_file(golden.folder() / "hf" / "config.json", folder / "config.json");
    const auto output = golden.integers("base.greedy_leftpad.output");
    std::int64_t unused = 0;
    while (std::find(output.begin(), output.end(), unused) != output.end())
      ++unused;
    write_file(folder / "generation_config.json",
               "{\"eos_token_id\": " + std::to_string(unused) + "}");
    const auto endless = BaseModel::load({folder.path(), "float32"}, test_device());
    CHECK(endless->shape().ends == std::vector<std::int32_t>{static_cast<std::int32_t>(unused)});
    check_generation(golden, *endless, "base.greedy_leftpad", "base.greedy_leftpad");
    check_generation(golden, *endless, "base.greedy", "base.greedy");
  }
}

TEST_CASE("the hub's words for a model and transformers' own mean the same") {
  for (const auto& name : golden_families()) {
    CAPTURE(name);
    const GoldenFamily golden(name);
    const TemporaryFolder folder;
    write_variant(golden, "config.json", folder / "hub");
    const auto base = BaseModel::load({folder / "hub", "float32"}, test_device());
    const bool rounded = golden.has("bf16_weights.nopad.logits");
    const std::string key = rounded ? "bf16_weights.nopad.logits" : "base.nopad.logits";
    const double worst = logits_deviation(golden, *base, nullptr, "nopad", key);
    MESSAGE(name << ": logits of the hub's files " << worst);
    CHECK(worst <= kLogitsTolerance);
  }
}

TEST_CASE("other configurations over the same weights are those of Hugging Face") {
  const std::vector<std::pair<std::string, std::string>> variants = {
      {"llama/gqa", "default_theta"},
      {"llama/gqa", "linear_rope"},
      {"qwen2/tied", "sliding"},
      {"gemma3_text/layer_types", "global_linear_rope"}};
  for (const auto& [name, variant] : variants) {
    CAPTURE(name);
    const GoldenFamily golden(name);
    const TemporaryFolder folder;
    make_folder(folder / "variant");
    std::filesystem::copy_file(golden.folder() / "hf" / "model.safetensors",
                               folder / "variant" / "model.safetensors");
    std::filesystem::copy_file(golden.folder() / "hub" / ("config." + variant + ".json"),
                               folder / "variant" / "config.json");
    const auto base = BaseModel::load({folder / "variant", "float32"}, test_device());
    const double worst =
        logits_deviation(golden, *base, nullptr, "nopad", "variant." + variant + ".nopad.logits");
    MESSAGE(name << " " << variant << ": logits " << worst);
    CHECK(worst <= kLogitsTolerance);
  }
  const GoldenFamily golden("llama/gqa");
  const TemporaryFolder folder;
  write_variant(golden, "config.dynamic_rope.json", folder / "dynamic");
  CHECK_THROWS_WITH_AS(
      BaseModel::load({folder / "dynamic", "float32"}),
      doctest::Contains("rope_scaling.rope_type: \"dynamic\" is not supported; allowed: default"),
      InputError);
}
