#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/adapter/peft.hpp"
#include "model/network/config_reader.hpp"
#include "model/network/family.hpp"
#include "model/network/flops.hpp"
#include "model/network/random_base.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// One size of each family, made small; `changes` are keys of config.json.
struct Small {
  std::string size;
  nlohmann::json changes;
};

const std::vector<Small>& small_bases() {
  static const std::vector<Small> all = {
      {"opt-350m", {}},
      {"llama-3.2-1b", {{"attention_dropout", 0.25}}},
      {"mistral-7b", {{"sliding_window", 50}}},
      {"qwen2.5-0.5b",
       {{"use_sliding_window", true}, {"max_window_layers", 1}, {"sliding_window", 7}}},
      {"qwen3-0.6b", {}},
      {"gemma-3-270m", {{"sliding_window", 40}, {"sliding_window_pattern", 2}}},
      {"gpt2", {}},
      {"pythia-70m", {{"hidden_dropout", 0.2}, {"attention_dropout", 0.1}}}};
  return all;
}

NewBase made(const Small& small) {
  NewBase base = base_of_size(small.size, {256, 2, 128, 512});
  auto config = nlohmann::ordered_json::parse(base.config);
  for (const auto& [key, value] : small.changes.items())
    config[key] = value;
  base.config = config.dump(2);
  base.description = read_description(ConfigReader(base.config, small.size));
  return base;
}

/// Two sequences, the first longer than a block of the attention.
PaddedBatch two_sequences() {
  Random random(3, Purpose::sample);
  PaddedBatch batch;
  batch.rows = 2;
  batch.columns = 300;
  for (std::int64_t i = 0; i < batch.rows * batch.columns; ++i) {
    const bool real = i < batch.columns || i - batch.columns < 9;
    const auto token = static_cast<std::int64_t>(3 + random.below(250));
    batch.tokens.push_back(real ? token : 1);
    batch.mask.push_back(real ? 1 : 0);
    batch.labels.push_back(real && i % batch.columns >= 4 ? token : -100);
  }
  return batch;
}

}  // namespace

TEST_CASE("packed batches agree with padded ones in all families, with windows and dropout") {
  const PaddedBatch padded = two_sequences();
  const PackedBatch packed = unpad(padded).batch;
  for (const Small& small : small_bases()) {
    CAPTURE(small.size);
    const TemporaryFolder folder;
    write_random_base(folder / "base", made(small), 5, DType::float32, 1'000'000'000);
    const auto base = BaseModel::load({folder / "base", "float32"}, test_device());
    const Adapter adapter = random_adapter(base->shape(), lora_on({"all-linear"}), 0.1);
    const DropoutRates rates = made(small).description.parts.dropout;
    for (const BaseDropout& dropout : {BaseDropout{}, BaseDropout{rates, 11}}) {
      const LossAndGradient one = packed_loss(*base, adapter, packed, {}, dropout);
      const LossAndGradient two = padded_loss_of(*base, adapter, padded, {}, dropout);
      const double loss = std::abs(one.loss / two.loss - 1.0);
      const double gradient =
          largest_relative_difference(*adapter.layout, one.gradient, two.gradient);
      MESSAGE(small.size << ": loss " << loss << ", gradients " << gradient);
      CHECK(loss <= 1e-6);
      CHECK(gradient <= 1e-4);
    }
    const HostKernelsOff as_on_a_gpu;
    const LossAndGradient host_off = packed_loss(*base, adapter, packed);
    const LossAndGradient padded_form = padded_loss_of(*base, adapter, padded);
    CHECK(std::abs(host_off.loss / padded_form.loss - 1.0) <= 1e-6);
    CHECK(largest_relative_difference(*adapter.layout, host_off.gradient, padded_form.gradient) <=
          1e-4);
  }
}

TEST_CASE("dropout of the base changes the loss where the configuration names some") {
  const PackedBatch packed = unpad(two_sequences()).batch;
  for (const Small& small : small_bases()) {
    CAPTURE(small.size);
    const TemporaryFolder folder;
    write_random_base(folder / "base", made(small), 5, DType::float32, 1'000'000'000);
    const auto base = BaseModel::load({folder / "base", "float32"}, test_device());
    const Adapter adapter = random_adapter(base->shape(), lora_on({"all-linear"}), 0.1);
    const DropoutRates rates = made(small).description.parts.dropout;
    const bool drops = rates.hidden + rates.attention + rates.embedding > 0.0;
    const double plain = packed_loss(*base, adapter, packed).loss;
    CHECK((packed_loss(*base, adapter, packed, {}, {rates, 11}).loss != plain) == drops);
  }
}

TEST_CASE("every size of every family can be made, small, and is read back as it was made") {
  REQUIRE(known_sizes().size() == 24);
  for (const std::string& size : known_sizes()) {
    CAPTURE(size);
    const TemporaryFolder folder;
    const NewBase base = base_of_size(size, {64, 1, 384, 32});
    write_random_base(folder / "base", base, 1, DType::bfloat16, 1'000'000'000);
    const auto loaded = BaseModel::load({folder / "base", "bfloat16"}, test_device());
    CHECK(loaded->shape().width == 384);
    CHECK(loaded->shape().layers == 1);
    CHECK(loaded->shape().positions == 32);
    CHECK(loaded->shape().targets() == base.description.shape.targets());
    if (loaded->shape().classifier) {
      PackedBatch pairs;
      pairs.add_class(std::vector<std::int32_t>{0, 4, 5, 2}, 1);
      const Adapter fresh = initial_adapter(make_layout(loaded->shape(), lora_on({"query"})), 1);
      CHECK(packed_loss(*loaded, fresh, pairs).loss == doctest::Approx(std::log(2.0)).epsilon(0.5));
      continue;
    }
    const Adapter adapter = random_adapter(loaded->shape(), lora_on({"all-linear"}), 0.1);
    PackedBatch batch;
    batch.add(std::vector<std::int32_t>{3, 4, 5, 6, 7}, std::size_t{1});
    CHECK(packed_loss(*loaded, adapter, batch).loss ==
          doctest::Approx(std::log(64.0)).epsilon(0.2));
  }
}

TEST_CASE("the sizes are those of the published models") {
  struct Published {
    const char* size;
    std::int64_t parameters;  ///< of the linear layers and the head
  };
  // By hand from the models' cards: layers x (attention + feed-forward) + vocabulary x width.
  for (const Published& own :
       {Published{"smollm2-135m",
                  30 * (576 * (576 + 2 * 192 + 576) + 3 * 576 * 1536) + 49152 * 576},
        Published{"llama-3.2-1b",
                  16 * (2048 * (2048 + 2 * 512 + 2048) + 3 * 2048 * 8192) + 128256 * 2048},
        Published{"qwen2.5-0.5b",
                  24 * (896 * (896 + 2 * 128 + 896) + 3 * 896 * 4864) + 151936 * 896},
        Published{"qwen3-0.6b",
                  28 * (1024 * (2048 + 2 * 1024 + 2048) + 3 * 1024 * 3072) + 151936 * 1024},
        Published{"gemma-3-270m",
                  18 * (640 * (1024 + 2 * 256 + 1024) + 3 * 640 * 2048) + 262144 * 640},
        Published{"gpt2", 12 * (768 * 768 * 4 + 2 * 768 * 3072) + 50257 * 768},
        Published{"pythia-70m", 6 * (512 * 512 * 4 + 2 * 512 * 2048) + 50304 * 512},
        Published{"roberta-base", 12 * (768 * 768 * 4 + 2 * 768 * 3072)}}) {
    CAPTURE(own.size);
    CHECK(train_flops_per_token(base_of_size(own.size).description.shape) ==
          4.0 * static_cast<double>(own.parameters));
  }
}

TEST_CASE("adapters of RoBERTa name their layers so that PEFT finds them and no others") {
  const TemporaryFolder folder;
  const ModelShape shape = base_of_size("roberta-base", {256, 2, 64, 32}).description.shape;
  const auto written = [&](const std::vector<std::string>& targets) {
    const LoraConfig lora = lora_on(targets);
    const Adapter adapter = random_adapter(shape, lora);
    save_peft(folder / "adapter", adapter, lora, "roberta", shape);
    std::vector<std::string> warnings;
    const Adapter again = load_peft(folder / "adapter", shape,
                                    [&](const std::string& line) { warnings.push_back(line); });
    CHECK(again.values == adapter.values);
    CHECK(warnings.empty());
    return nlohmann::json::parse(read_file(folder / "adapter" / "adapter_config.json"))
        .at("target_modules");
  };
  using Names = nlohmann::json;
  CHECK(written({"query", "value"}) == Names({"query", "value"}));
  // "dense" alone would be the classifier's too.
  CHECK(written({"dense"}) ==
        Names({"attention.output.dense", "intermediate.dense", "output.dense"}));
  CHECK(written({"intermediate.dense"}) == Names({"intermediate.dense"}));
  LoraConfig down = lora_on({"all-linear"});
  down.target_modules = {"roberta.encoder.layer.0.output.dense"};
  // "output.dense" would be attention's too.
  const auto layout = std::make_shared<const AdapterLayout>(
      std::vector<LoraModule>{{"roberta.encoder.layer.0.output.dense", 256, 64, 2, 4.0, false}},
      shape.classifier->tensors);
  save_peft(folder / "down", Adapter{layout, std::vector<float>(layout->size())}, down, "", shape);
  CHECK(nlohmann::json::parse(read_file(folder / "down" / "adapter_config.json"))
            .at("target_modules") == Names({"roberta.encoder.layer.0.output.dense"}));
}

TEST_CASE("adapters of GPT-2 say that its layers are transposed, and which c_proj they mean") {
  const TemporaryFolder folder;
  const ModelShape shape = base_of_size("gpt2", {256, 1, 64, 32}).description.shape;
  const auto written = [&](const std::vector<std::string>& targets) {
    const LoraConfig lora = lora_on(targets);
    save_peft(folder / "adapter", random_adapter(shape, lora), lora, "gpt2", shape);
    CHECK(load_peft(folder / "adapter", shape).layout->modules().size() ==
          random_adapter(shape, lora).layout->modules().size());
    return nlohmann::json::parse(read_file(folder / "adapter" / "adapter_config.json"));
  };
  auto config = written({"c_attn", "c_proj"});
  CHECK(config["fan_in_fan_out"] == true);
  CHECK(config["target_modules"] == nlohmann::json({"c_attn", "c_proj"}));
  config = written({"attn.c_proj"});
  CHECK(config["target_modules"] == nlohmann::json({"attn.c_proj"}));
  CHECK(written({"all-linear"})["target_modules"] == nlohmann::json({"c_attn", "c_fc", "c_proj"}));
}
