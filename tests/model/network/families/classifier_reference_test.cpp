#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/adapter/peft.hpp"
#include "model/adapter/starting_adapter.hpp"
#include "model/evaluation/generation.hpp"
#include "model/evaluation/sequence_scores.hpp"
#include "model/files/checkpoint.hpp"
#include "model/network/merge.hpp"
#include "model/text/classifier_encoder.hpp"
#include "model/training/optimizer.hpp"
#include "partition/support/error.hpp"
#include "tests/model/golden_classifier.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/model/reference_deviations.hpp"
#include "tests/model/reference_limits.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

constexpr double kClassLogits = 3e-6;  // absolute
const std::vector<std::string> kBatches = {"nopad", "right", "pair"};

double logits_deviation(const GoldenClassifier& golden, const BaseModel& base,
                        const Adapter* adapter, const std::string& batch, const std::string& key) {
  return largest_difference(packed_logits(base, adapter, golden.batch(batch), true),
                            golden.floats(key + ".logits"));
}

/// The logits and losses of the pass that scores, and whether it chooses the larger logit.
void check_scores(const GoldenClassifier& golden, const Adapter& adapter, const std::string& batch,
                  const std::string& key) {
  EncodedData data;
  const PackedBatch packed = golden.batch(batch);
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < packed.labels.size(); ++i) {
    const std::vector<std::int32_t> tokens(packed.tokens.begin() + packed.offsets[i],
                                           packed.tokens.begin() + packed.offsets[i + 1]);
    data.add_class(tokens, static_cast<std::int32_t>(packed.labels[i]), tokens.size());
    all.push_back(static_cast<std::uint32_t>(i));
  }
  const auto scores =
      score_sequences(*golden.base(), std::make_shared<const Adapter>(adapter), data, all, 1000);
  const std::vector<float> logits = golden.floats(key + ".logits");
  const std::size_t labels = logits.size() / all.size();
  Score total;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    total += scores[i];
    const auto* row = logits.data() + i * labels;
    const auto chosen = static_cast<std::size_t>(std::max_element(row, row + labels) - row);
    CHECK(scores[i].classes.at(chosen).chosen == 1);
    CHECK(scores[i].correct == (static_cast<std::int64_t>(chosen) == packed.labels[i] ? 1 : 0));
  }
  CHECK(total.examples == std::ssize(all));
  CHECK(relative_difference(total.loss(), golden.floats(key + ".loss").at(0)) <= kLossTolerance);
}

}  // namespace

TEST_CASE("classifiers' logits, losses and hidden states are those of Hugging Face") {
  for (const auto& name : golden_classifiers()) {
    CAPTURE(name);
    const GoldenClassifier golden(name);
    double worst = 0.0;
    for (const std::string& batch : kBatches) {
      worst = std::max(worst,
                       logits_deviation(golden, *golden.base(), nullptr, batch, "base." + batch));
    }
    const auto states = packed_hidden_states(*golden.base(), nullptr, golden.batch("nopad"));
    const double hidden = hidden_deviation(golden, states);
    MESSAGE(name << ": logits " << worst << ", hidden states " << hidden);
    CHECK(worst <= kClassLogits);
    CHECK(hidden <= kHiddenTolerance);
  }
}

TEST_CASE("classifiers' LoRA logits, losses and gradients are those of PEFT") {
  for (const auto& name : golden_classifiers()) {
    CAPTURE(name);
    const GoldenClassifier golden(name);
    const Adapter adapter = golden.adapter("lora.init.");
    double logits = 0.0;
    double loss = 0.0;
    double gradient = 0.0;
    for (const std::string& batch : kBatches) {
      const std::string key = "lora." + batch;
      logits = std::max(logits, logits_deviation(golden, *golden.base(), &adapter, batch, key));
      const LossAndGradient result = packed_loss(*golden.base(), adapter, golden.batch(batch));
      loss = std::max(loss, relative_difference(result.loss, golden.floats(key + ".loss").at(0)));
      gradient =
          std::max(gradient, largest_relative_difference(*adapter.layout, result.gradient,
                                                         golden.adapter(key + ".grad.").values));
      check_scores(golden, adapter, batch, key);
    }
    MESSAGE(name << ": LoRA logits " << logits << ", loss " << loss << ", gradients " << gradient);
    CHECK(logits <= kClassLogits);
    CHECK(loss <= kLossTolerance);
    CHECK(gradient <= kGradientTolerance);
    CHECK(gradient > 0.0);
  }
}

TEST_CASE("five AdamW steps lead to PEFT's weights, the classifier's too") {
  TrainConfig train;
  train.lr = 1e-2;
  for (const auto& name : golden_classifiers()) {
    CAPTURE(name);
    const GoldenClassifier golden(name);
    Adapter adapter = golden.adapter("lora.init.");
    const auto optimizer = make_optimizer(train, adapter.values.size());
    const std::vector<float> losses = golden.floats("adamw.losses");
    const std::vector<std::string> order = {"right", "pair", "nopad", "right", "pair"};
    double loss = 0.0;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const LossAndGradient result = packed_loss(*golden.base(), adapter, golden.batch(order[k]));
      optimizer->step(adapter.values, result.gradient, train.lr);
      loss = std::max(loss, relative_difference(result.loss, losses[k]));
    }
    const double weights = largest_difference(adapter.values, golden.trained().values);
    double logits = 0.0;
    for (const std::string& batch : kBatches) {
      logits = std::max(logits, logits_deviation(golden, *golden.base(), &golden.trained(), batch,
                                                 "lora_after5." + batch));
    }
    MESSAGE(name << ": losses " << loss << ", weights " << weights << ", logits " << logits);
    CHECK(loss <= kLossTolerance);
    CHECK(weights <= kWeightsTolerance);
    CHECK(logits <= kClassLogits);
  }
}

TEST_CASE("classifiers merge as PEFT does, into a folder of Hugging Face's class") {
  for (const auto& name : golden_classifiers()) {
    CAPTURE(name);
    const GoldenClassifier golden(name);
    for (const std::string form : {"hf", "hub"}) {
      if (!std::filesystem::exists(golden.folder() / form / "model.safetensors")) continue;
      const TemporaryFolder folder;
      write_merged(golden.folder() / form, golden.trained(), folder / "merged", DType::float32,
                   1'000'000'000);
      const auto merged = BaseModel::load({folder / "merged", "float32"});
      const double logits =
          logits_deviation(golden, *merged, nullptr, "nopad", "merged_after5.nopad");
      const Checkpoint file(folder / "merged");
      const double weights = merged_deviation(golden, file);
      MESSAGE(name << " of " << form << ": merged logits " << logits << ", weights " << weights);
      CHECK(logits <= kClassLogits);
      CHECK(weights <= kMergedTolerance);
      CHECK(file.find("lm_head.bias") == nullptr);
      CHECK(read_file(folder / "merged" / "config.json").find("RobertaForSequenceClassification") !=
            std::string::npos);
    }
  }
}

TEST_CASE("a classifier's adapter goes through PEFT's files unchanged") {
  for (const auto& name : golden_classifiers()) {
    CAPTURE(name);
    const GoldenClassifier golden(name);
    const TemporaryFolder folder;
    LoraConfig lora;
    lora.r = 4;
    lora.lora_alpha = 8.0;
    save_peft(folder.path(), golden.trained(), lora, "base", golden.base()->shape());
    std::vector<std::string> warnings;
    const Adapter again = load_peft(folder.path(), golden.base()->shape(),
                                    [&](const std::string& line) { warnings.push_back(line); });
    CHECK(*again.layout == *golden.trained().layout);
    CHECK(again.values == golden.trained().values);
    CHECK(warnings.empty());
    const SafetensorsFile ours(folder / "adapter_model.safetensors");
    const SafetensorsFile theirs(golden.folder() / "adapter_after5" / "adapter_model.safetensors");
    REQUIRE(ours.tensors().size() == theirs.tensors().size());
    for (const auto& [key, view] : theirs.tensors()) {
      REQUIRE(ours.find(key) != nullptr);
      CHECK(ours.find(key)->to_float32() == view.to_float32());
    }
    const std::string config = read_file(folder / "adapter_config.json");
    CHECK(config.find("\"task_type\": \"SEQ_CLS\"") != std::string::npos);
    CHECK(config.find("\"modules_to_save\": [\n    \"classifier\"\n  ]") != std::string::npos);
  }
}

TEST_CASE("a classifier's tensor under both of PEFT's names is refused") {
  const GoldenClassifier golden("roberta_two_labels");
  const auto& from = golden.folder() / "adapter_after5";
  const SafetensorsFile file(from / "adapter_model.safetensors");
  std::vector<std::vector<float>> values;
  for (const auto& [key, view] : file.tensors())
    values.push_back(view.to_float32());
  std::vector<NamedTensor> tensors;
  for (const auto& [key, view] : file.tensors()) {
    const auto bytes = std::as_bytes(std::span(values[tensors.size()]));
    tensors.push_back({key, DType::float32, view.shape, bytes});
  }
  NamedTensor twice = tensors.front();
  REQUIRE(twice.name == "base_model.model.classifier.dense.bias");
  twice.name = "base_model.model.classifier.modules_to_save.default.dense.bias";
  tensors.push_back(twice);
  const TemporaryFolder folder;
  std::filesystem::copy_file(from / "adapter_config.json", folder / "adapter_config.json");
  write_safetensors(folder / "adapter_model.safetensors", tensors, {});
  CHECK_THROWS_WITH_AS(load_peft(folder.path(), golden.base()->shape()),
                       doctest::Contains("default.dense.bias\": the base's classifier.dense.bias "
                                         "occurs twice"),
                       InputError);
}

TEST_CASE("the hub's files give the same encoder, and no classifier") {
  const GoldenClassifier golden("roberta_two_labels");
  const auto hub = golden.folder() / "hub";
  const auto base = BaseModel::load({hub, "float32"});
  // With the classifier of an adapter they are the model.
  const Adapter& trained = golden.trained();
  CHECK(logits_deviation(golden, *base, &trained, "nopad", "lora_after5.nopad") <= kClassLogits);
  CHECK_THROWS_WITH_AS(packed_logits(*base, nullptr, golden.batch("nopad"), true),
                       doctest::Contains("no classifier's weights"), InputError);
}

TEST_CASE("a run starts from the base's classifier, or from a fresh one") {
  const GoldenClassifier golden("roberta_two_labels");
  const ModelShape& shape = golden.base()->shape();
  const LoraConfig lora = lora_on({"query"});
  const LayoutPtr layout = make_layout(shape, lora);
  const Adapter own = starting_adapter(layout, shape, lora, golden.folder() / "hf", 3);
  CHECK(logits_deviation(golden, *golden.base(), &own, "pair", "base.pair") <= kClassLogits);
  const Adapter fresh = starting_adapter(layout, shape, lora, golden.folder() / "hub", 3);
  CHECK(fresh.values != own.values);
  CHECK(fresh.values == starting_adapter(layout, shape, lora, golden.folder() / "hub", 3).values);
  CHECK(fresh.values != starting_adapter(layout, shape, lora, golden.folder() / "hub", 4).values);
  const std::span<const float> whole = fresh.whole();
  double squares = 0.0;
  for (std::size_t i = 0; i < 1600; ++i)
    squares += static_cast<double>(whole[i]) * whole[i];
  CHECK(std::sqrt(squares / 1600.0) == doctest::Approx(0.02).epsilon(0.1));
  CHECK(std::all_of(whole.begin() + 1600, whole.begin() + 1640, [](float v) { return v == 0.0f; }));
}

TEST_CASE("pairs are framed as Hugging Face frames them") {
  for (const auto& name : golden_classifiers()) {
    const GoldenClassifier golden(name);
    const ClassifierShape& shape = *golden.base()->shape().classifier;
    const PackedBatch batch = golden.batch("pair");
    for (std::size_t i = 0; i + 1 < batch.offsets.size(); ++i) {
      std::vector<std::vector<std::int32_t>> texts(1);
      for (const std::int64_t id : golden.integers("pair.parts." + std::to_string(i))) {
        if (id < 0) {
          texts.emplace_back();
        } else {
          texts.back().push_back(static_cast<std::int32_t>(id));
        }
      }
      const std::vector<std::int32_t> row(batch.tokens.begin() + batch.offsets[i],
                                          batch.tokens.begin() + batch.offsets[i + 1]);
      CHECK(framed(shape, texts) == row);
    }
  }
}

TEST_CASE("a classifier writes no text") {
  const GoldenClassifier golden("roberta_two_labels");
  CHECK_THROWS_WITH_AS(generate(*golden.base(), nullptr, {{1, 2}}, {}),
                       doctest::Contains("is a classifier (roberta): it writes no text"),
                       InputError);
}
