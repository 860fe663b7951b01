#include "model/adapter/base_change.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "model/adapter/base_quantization.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/device/process.hpp"
#include "model/evaluation/generation.hpp"
#include "model/evaluation/scorer.hpp"
#include "model/files/half.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/family.hpp"
#include "model/network/merge.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "tests/model/changed_model.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/model/read_peft.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

constexpr std::uint64_t kUncut = 1'000'000'000;

std::filesystem::path base_folder(const std::string& model) {
  return golden_folder() / "opt" / model / "hf";
}

/// A change of all modules that `modules` adapts, large enough to matter.
BaseChangePtr random_change(const ModelShape& shape, const std::vector<std::string>& modules,
                            std::uint64_t seed = 1) {
  auto change = std::make_shared<BaseChange>();
  change->id = seed;
  Random random(seed, Purpose::sample, 77);
  const auto layout = make_layout(shape, lora_on(modules));
  for (const auto& module : layout->modules()) {
    change->modules.push_back(module);
    change->deltas.emplace_back(static_cast<std::size_t>(module.in * module.out));
    for (float& value : change->deltas.back())
      value = static_cast<float>(0.05 * random.normal());
  }
  return change;
}

Adapter adapter_on(const ModelShape& shape, BaseChangePtr change) {
  Adapter adapter = random_adapter(shape, lora_on({"q_proj", "fc2"}));
  adapter.base_change = std::move(change);
  return adapter;
}

/// The change of a weight of this name, where there is one.
const std::vector<float>* delta_of(const BaseChange& change, const std::string& tensor) {
  for (std::size_t i = 0; i < change.modules.size(); ++i) {
    if (change.modules[i].name + ".weight" == tensor) return &change.deltas[i];
  }
  return nullptr;
}

/// The tiny pre-norm model with `round(round(W) + delta)` in its files.
class ModelWithChange {
 public:
  ModelWithChange(const BaseChange& change, const std::function<float(float)>& round)
      : model_([&](NamedTensor& tensor) {
          const auto* delta = delta_of(change, tensor.name);
          if (delta == nullptr) return;
          std::vector<float>& values = values_[tensor.name];
          values.resize(delta->size());
          REQUIRE(tensor.bytes.size() == values.size() * sizeof(float));
          std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
          for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = round(round(values[i]) + (*delta)[i]);
          tensor.bytes = std::as_bytes(std::span(values));
        }) {}
  [[nodiscard]] BaseModelPtr load(const std::string& dtype) const {
    return BaseModel::load({model_.path(), dtype}, test_device());
  }

 private:
  std::map<std::string, std::vector<float>> values_;
  ChangedModel model_;
};

float unrounded(float value) {
  return value;
}

float rounded_to_bfloat16(float value) {
  return bfloat16_to_float32(float32_to_bfloat16(value));
}

std::shared_ptr<EncodedData> some_data() {
  Random random(12, Purpose::sample);
  auto data = std::make_shared<EncodedData>();
  for (std::size_t i = 0; i < 8; ++i) {
    std::vector<std::int32_t> tokens(4 + random.below(20));
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(64));
    data->add(tokens, tokens.size() / 2, tokens.size() / 2);
  }
  return data;
}

Indices all_of(const EncodedData& data) {
  Indices all(data.size());
  std::iota(all.begin(), all.end(), 0u);
  return all;
}

}  // namespace

TEST_CASE("base, change and adapter give the logits of the merged base") {
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"}) {
    const GoldenOpt golden(name);
    const auto& base = golden.base();
    const auto batch = unpad(golden.padded("nopad")).batch;
    const Adapter adapter = adapter_on(base.shape(), random_change(base.shape(), kAllModules));
    const TemporaryFolder folder;
    write_merged(base_folder(name), adapter, folder / "merged", DType::float32, kUncut);
    const auto merged = BaseModel::load({folder / "merged", "float32"}, test_device());
    const auto expected = packed_logits(*merged, nullptr, batch, false);
    const double difference =
        largest_difference(packed_logits(base, &adapter, batch, false), expected);
    MESSAGE(std::string(name) << ": " << difference);
    CHECK(difference <= 1e-5);
    Adapter without = adapter;
    without.base_change = nullptr;
    CHECK(largest_difference(packed_logits(base, &without, batch, false), expected) > 0.01);
    const auto padded = golden.padded("nopad");
    CHECK(largest_difference(padded_logits_of(base, &adapter, padded),
                             padded_logits_of(*merged, nullptr, padded)) <= 1e-5);
  }
}

TEST_CASE("a changed base computes bit for bit what one with changed files does") {
  const GoldenOpt golden("opt_prenorm");
  const auto change = random_change(golden.base().shape(), {"v_proj", "out_proj", "fc1"});
  const auto changed = ModelWithChange(*change, unrounded).load("float32");
  const Adapter on_change = adapter_on(golden.base().shape(), change);
  Adapter plain = on_change;
  plain.base_change = nullptr;
  const auto data = some_data();

  SUBCASE("logits and gradients") {
    const auto batch = unpad(golden.padded("right")).batch;
    CHECK(packed_logits(golden.base(), &on_change, batch, true) ==
          packed_logits(*changed, &plain, batch, true));
    CHECK(packed_loss(golden.base(), on_change, batch).gradient ==
          packed_loss(*changed, plain, batch).gradient);
  }
  SUBCASE("training") {
    LoraConfig lora = lora_on({"q_proj", "fc2"});
    lora.lora_dropout = 0.1;
    TrainConfig train;
    train.steps = 3;
    train.batch_tokens = 40;
    TrainJob job;
    job.examples = std::make_shared<const Indices>(all_of(*data));
    job.start = std::make_shared<const Adapter>(on_change);
    const auto result = make_lora_trainer(golden.base_pointer(), data, lora, train)->train(job);
    job.start = std::make_shared<const Adapter>(plain);
    const auto expected = make_lora_trainer(changed, data, lora, train)->train(job);
    CHECK(result.adapter.values == expected.adapter.values);
    CHECK(result.stats.loss == expected.stats.loss);
    CHECK(result.adapter.base_change == change);
    CHECK(make_lora_trainer(golden.base_pointer(), data, lora, train)->train(job).adapter.values !=
          expected.adapter.values);
  }
  SUBCASE("scores") {
    const auto score = [&](const BaseModelPtr& base, const Adapter& adapter) {
      return make_scorer(base, data, all_of(*data), {})
          ->evaluate(std::make_shared<const Adapter>(adapter))
          .total.loss_sum;
    };
    CHECK(score(golden.base_pointer(), on_change) == score(changed, plain));
    CHECK(score(golden.base_pointer(), plain) != score(changed, plain));
  }
  SUBCASE("generation") {
    const std::vector<std::vector<std::int64_t>> prompts = {{2, 5, 9}, {2, 40, 41, 42, 7}, {2}};
    GenerationConfig config;
    config.max_new_tokens = 12;
    const auto texts = [&](const BaseModel& base, const Adapter& adapter) {
      std::vector<std::vector<std::int64_t>> tokens;
      for (const auto& text :
           generate(base, std::make_shared<const Adapter>(adapter), prompts, config))
        tokens.push_back(text.tokens);
      return tokens;
    };
    CHECK(texts(golden.base(), on_change) == texts(*changed, plain));
    CHECK(texts(golden.base(), plain) != texts(*changed, plain));
  }
}

TEST_CASE("in bfloat16, weight and change are added in float32 and rounded once") {
  const GoldenOpt golden("opt_prenorm", "bfloat16");
  const auto change = random_change(golden.base().shape(), {"q_proj", "fc1"});
  const auto changed = ModelWithChange(*change, rounded_to_bfloat16).load("bfloat16");
  const Adapter on_change = adapter_on(golden.base().shape(), change);
  Adapter plain = on_change;
  plain.base_change = nullptr;
  const auto batch = unpad(golden.padded("nopad")).batch;
  CHECK(packed_logits(golden.base(), &on_change, batch, false) ==
        packed_logits(*changed, &plain, batch, false));
}

TEST_CASE("on a quantised base a change lies on what the codes stand for, bit for bit") {
  const auto folder = base_folder("opt_prenorm");
  const ModelShape shape = read_shape(folder / "config.json");
  const auto data = some_data();
  const auto batch = unpad(GoldenOpt("opt_prenorm").padded("right")).batch;
  const std::vector<std::vector<std::string>> all_changes = {
      {"k_proj"}, {"q_proj", "k_proj", "v_proj"}, {"v_proj", "fc2"}, kAllModules};
  for (const std::string quantization : {"int8", "nf4"}) {
    const TemporaryFolder written;
    const Adapter nothing{std::make_shared<const AdapterLayout>(std::vector<LoraModule>{}), {}};
    write_merged(folder, nothing, written / "plain", DType::float32, kUncut, {}, quantization);
    for (const std::string dtype : {"float32", "bfloat16"}) {
      const auto quantized = BaseModel::load({folder, dtype, quantization}, test_device());
      const auto plain = BaseModel::load({written / "plain", dtype}, test_device());
      for (const auto& modules : all_changes) {
        CAPTURE(quantization + " " + dtype + " " + join(modules));
        const Adapter adapter = adapter_on(shape, random_change(shape, modules));
        std::vector<bool> kept;
        for (std::size_t i = 0; i < shape.modules(); ++i) {
          kept.push_back(std::none_of(modules.begin(), modules.end(), [&](const std::string& own) {
            return shape.module_name(i).ends_with("." + own);
          }));
        }
        CHECK(quantized_layers(*quantized, &adapter) == kept);
        CHECK(quantized_layers(*quantized, nullptr) == std::vector<bool>(kept.size(), true));
        const auto own = packed_loss(*quantized, adapter, batch);
        const auto expected = packed_loss(*plain, adapter, batch);
        CHECK(packed_loss(*plain, adapter_on(shape, nullptr), batch).loss != expected.loss);
        // Libraries may add otherwise in bfloat16 for a matrix that they have laid out before.
        if (dtype == "bfloat16" && modules != kAllModules) {
          CHECK(own.loss == doctest::Approx(expected.loss).epsilon(1e-3));
          continue;
        }
        CHECK(own.loss == expected.loss);
        CHECK(own.gradient == expected.gradient);
        TrainConfig train;
        train.steps = 3;
        train.batch_tokens = 40;
        TrainJob job;
        job.examples = std::make_shared<const Indices>(all_of(*data));
        job.start = std::make_shared<const Adapter>(adapter);
        const LoraConfig lora = lora_on({"q_proj", "fc2"});
        CHECK(make_lora_trainer(quantized, data, lora, train)->train(job).adapter.values ==
              make_lora_trainer(plain, data, lora, train)->train(job).adapter.values);
      }
    }
  }
}

TEST_CASE("all that ask for a change at once share one copy, and it goes when nobody holds it") {
  const GoldenOpt golden("opt_prenorm");
  const auto& base = golden.base();
  std::weak_ptr<const BaseModel> kept;
  {
    const Adapter first = adapter_on(base.shape(), random_change(base.shape(), kAllModules, 1));
    const Adapter second = adapter_on(base.shape(), random_change(base.shape(), kAllModules, 2));
    CHECK(base.under(nullptr) == golden.base_pointer());
    std::vector<BaseModelPtr> got(8);
    std::atomic<int> ready = 0;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < got.size(); ++i) {
      threads.emplace_back([&, i] {
        configure_thread(1);
        ++ready;
        while (ready < static_cast<int>(got.size()))
          std::this_thread::yield();
        got[i] = base.under(i % 2 == 0 ? &first : &second);
      });
    }
    for (auto& thread : threads)
      thread.join();
    CHECK(got[0] != got[1]);
    CHECK(got[0] != golden.base_pointer());
    for (std::size_t i = 2; i < got.size(); ++i)
      CHECK(got[i] == got[i % 2]);
    Adapter other_factors = first;
    other_factors.values.assign(other_factors.values.size(), 0.0f);
    CHECK(base.under(&other_factors) == got[0]);
    kept = got[0];
  }
  CHECK_FALSE(kept.expired());  // until somebody asks
  CHECK(base.under(nullptr) == golden.base_pointer());
  CHECK(kept.expired());
}

TEST_CASE("a change that does not fit the base is refused, each time anew") {
  const GoldenOpt golden("opt_prenorm");
  const auto& shape = golden.base().shape();
  const auto with = [&](const std::function<void(BaseChange&)>& spoil) {
    auto change = std::make_shared<BaseChange>(*random_change(shape, {"q_proj"}));
    spoil(*change);
    return adapter_on(shape, change);
  };
  const auto refused = [&](const Adapter& adapter, const std::string& message) {
    for (int i = 0; i < 2; ++i)
      CHECK_THROWS_WITH_AS(golden.base().under(&adapter), message.c_str(), InputError);
    const TemporaryFolder folder;
    CHECK_THROWS_WITH_AS(
        write_merged(base_folder("opt_prenorm"), adapter, folder / "x", DType::float32, kUncut),
        message.c_str(), InputError);
  };
  refused(with([](BaseChange& change) { change.deltas[1].pop_back(); }),
          "base change: model.decoder.layers.1.self_attn.q_proj has 4095 values, not 64 x 64");
  refused(with([](BaseChange& change) { change.deltas.pop_back(); }),
          "base change: 1 matrices for 2 modules");
  refused(with([](BaseChange& change) { change.modules[1].name = change.modules[0].name; }),
          "base change: model.decoder.layers.0.self_attn.q_proj occurs twice");
  refused(with([](BaseChange& change) { change.modules[0].out = 32; }),
          "adapter: model.decoder.layers.0.self_attn.q_proj adapts a layer of [32, 64], the base's "
          "is [64, 64]");
}

TEST_CASE("a base change is written and read, alone and with its adapter") {
  const GoldenOpt golden("opt_postnorm_proj");
  const auto change = random_change(golden.base().shape(), {"v_proj", "fc1", "fc2"});
  const TemporaryFolder folder;
  save_base_change(folder / "change.safetensors", *change);
  const auto read = load_base_change(folder / "change.safetensors", golden_shape());
  CHECK(read->deltas == change->deltas);
  REQUIRE(read->modules.size() == change->modules.size());
  for (std::size_t i = 0; i < read->modules.size(); ++i) {
    CHECK(read->modules[i].name == change->modules[i].name);  // in the order of the layers
    CHECK(read->modules[i].in == change->modules[i].in);
    CHECK(read->modules[i].out == change->modules[i].out);
  }
  CHECK(read->id != 0);
  CHECK(read->id == load_base_change(folder / "change.safetensors", golden_shape())->id);
  save_base_change(folder / "other.safetensors", *random_change(golden.base().shape(), {"fc1"}));
  CHECK(read->id != load_base_change(folder / "other.safetensors", golden_shape())->id);

  const SafetensorsFile file(folder / "change.safetensors");
  CHECK(file.metadata() ==
        std::map<std::string, std::string>{{"format", "pt"}, {"lorafleet", "base_change"}});
  CHECK(file.find("model.decoder.layers.0.fc1.weight")->to_float32() ==
        *delta_of(*change, "model.decoder.layers.0.fc1.weight"));

  const Adapter adapter = adapter_on(golden.base().shape(), change);
  save_peft(folder / "adapter", adapter, lora_on({"q_proj", "fc2"}), "base", golden.base().shape());
  const Adapter loaded = read_peft(folder / "adapter");
  CHECK(loaded.values == adapter.values);
  REQUIRE(loaded.base_change);
  CHECK(loaded.base_change->deltas == change->deltas);
  CHECK(sha256(loaded) == sha256(adapter));
  CHECK(base_quantization(folder / "adapter" / kBaseChangeFile) == "none");
  save_peft(folder / "nf4", adapter, lora_on({"q_proj", "fc2"}), "base", golden.base().shape(),
            "nf4");
  CHECK(base_quantization(folder / "nf4" / kBaseChangeFile) == "nf4");
  CHECK(sha256(read_peft(folder / "nf4")) == sha256(adapter));

  Adapter plain = adapter;
  plain.base_change = nullptr;
  save_peft(folder / "adapter", plain, lora_on({"q_proj", "fc2"}), "base", golden.base().shape());
  CHECK_FALSE(read_peft(folder / "adapter").base_change);  // the old one is not taken for its own
}

TEST_CASE("files that are no base change are refused by name") {
  const TemporaryFolder folder;
  const auto path = folder / "change.safetensors";
  const std::string name = path.string();
  const std::vector<float> values = {1, 2, 3, 4};
  const std::map<std::string, std::string> mark = {{"lorafleet", "base_change"}};
  const auto refused = [&](const std::vector<NamedTensor>& tensors,
                           const std::map<std::string, std::string>& metadata,
                           const std::string& message) {
    write_safetensors(path, tensors, metadata);
    CHECK_THROWS_WITH_AS(load_base_change(path, golden_shape()), (name + ": " + message).c_str(),
                         InputError);
  };
  const auto bytes = std::as_bytes(std::span(values));
  const NamedTensor good{"fc1.weight", DType::float32, {2, 2}, bytes};
  refused({good}, {{"format", "pt"}},
          "is not a base change: its metadata lack \"lorafleet\": \"base_change\"");
  refused({}, mark, "holds no change of a weight");
  refused({good, {"fc1.bias", DType::float32, {4}, bytes}}, mark,
          "tensor \"fc1.bias\" is not a change of a weight; allowed: <module>.weight");
  refused({{"fc1.weight", DType::float32, {4}, bytes}}, mark,
          "tensor \"fc1.weight\": the shape must be [out, in]");
  refused({{"fc1.weight", DType::int32, {2, 2}, bytes}}, mark,
          "tensor \"fc1.weight\": dtype must be F32, F16 or BF16");
  const std::vector<float> bad = {1, NAN, 3, 4};
  refused({{"fc1.weight", DType::float32, {2, 2}, std::as_bytes(std::span(bad))}}, mark,
          "tensor \"fc1.weight\" holds values that are not finite");
  CHECK_THROWS_AS(load_base_change(folder / "nowhere.safetensors", golden_shape()), InputError);
}

TEST_CASE("a base change can be merged without an adapter") {
  const GoldenOpt golden("opt_prenorm");
  const auto change = random_change(golden.base().shape(), kAllModules);
  const TemporaryFolder folder;
  const Adapter alone{std::make_shared<const AdapterLayout>(std::vector<LoraModule>{}), {}, change};
  write_merged(base_folder("opt_prenorm"), alone, folder / "merged", DType::float32, kUncut);
  const auto merged = BaseModel::load({folder / "merged", "float32"}, test_device());
  const auto changed = ModelWithChange(*change, unrounded).load("float32");
  const auto batch = unpad(golden.padded("nopad")).batch;
  CHECK(packed_logits(*merged, nullptr, batch, false) ==
        packed_logits(*changed, nullptr, batch, false));
}
