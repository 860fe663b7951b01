#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/device/process.hpp"
#include "model/files/checkpoint.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/base_model.hpp"
#include "model/network/memory.hpp"
#include "model/network/merge.hpp"
#include "model/network/packed_batch.hpp"
#include "model/network/random_base.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"
#include "tests/model/changed_model.hpp"
#include "tests/model/golden_classifier.hpp"
#include "tests/model/golden_family.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/network/scarce_memory.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

// Bases whose linear layers are quantised when they are loaded.

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

const std::vector<std::string> kQuantizations = {"int8", "nf4"};

std::filesystem::path shipped_base(const std::string& name) {
  return source_folder() / "scenarios" / "base" / name;
}

/// The first examples of the shipped data, a text each.
PackedBatch wordnet_texts(const std::filesystem::path& base, std::size_t count) {
  const auto tokenizer = Tokenizer::load(base);
  std::ifstream lines(source_folder() / "scenarios" / "data" / "wordnet_definitions.jsonl");
  PackedBatch batch;
  for (std::string line; batch.offsets.size() <= count && std::getline(lines, line);) {
    const auto example = nlohmann::json::parse(line);
    const auto prefix = tokenizer->prefix();
    std::vector<std::int32_t> tokens(prefix.begin(), prefix.end());
    const auto text = tokenizer->encode(example.at("context").get<std::string>() + "\n" +
                                        example.at("target").get<std::string>());
    tokens.insert(tokens.end(), text.begin(), text.end());
    tokens.resize(std::min<std::size_t>(tokens.size(), 200));
    batch.add(tokens, 1);
  }
  return batch;
}

/// That changes nothing.
Adapter idle_adapter(const ModelShape& shape,
                     const std::vector<std::string>& modules = {"q_proj", "v_proj"}) {
  return random_adapter(shape, lora_on(modules), 0.0);
}

double quantized_loss(const std::filesystem::path& folder, const std::string& quantization,
                      const std::string& dtype, const PackedBatch& batch) {
  const auto base = BaseModel::load({folder, dtype, quantization}, test_device());
  return packed_loss(*base, idle_adapter(base->shape()), batch).loss;
}

}  // namespace

TEST_CASE("quantising costs little of the loss: int8 next to nothing, NF4 some of it") {
  struct Allowed {
    std::string quantization;
    double most;  ///< nats a token
  };
  for (const std::string name : {"opt-nano", "opt-mini"}) {
    const PackedBatch batch = wordnet_texts(shipped_base(name), 60);
    REQUIRE(batch.labels.size() > 1000);
    const double exact = quantized_loss(shipped_base(name), "none", "float32", batch);
    const double narrow = quantized_loss(shipped_base(name), "none", "bfloat16", batch);
    for (const auto& [quantization, most] : {Allowed{"int8", 0.01}, Allowed{"nf4", 0.15}}) {
      const double loss = quantized_loss(shipped_base(name), quantization, "float32", batch);
      const double narrow_loss =
          quantized_loss(shipped_base(name), quantization, "bfloat16", batch);
      MESSAGE(name << " " << quantization << ": float32 " << exact << " to " << loss
                   << ", bfloat16 " << narrow << " to " << narrow_loss);
      CHECK(loss != exact);
      CHECK(std::abs(loss - exact) <= most);
      CHECK(std::abs(narrow_loss - narrow) <= most + 0.01);
    }
  }
}

TEST_CASE("a base that is quantised as it is loaded is the plain one of what its codes stand for") {
  std::vector<std::filesystem::path> folders = {golden_opt_folder("opt_postnorm_proj") / "hf"};
  for (const std::string& name : golden_families())
    folders.push_back(golden_folder() / "families" / name / "hf");
  for (const auto& source : folders) {
    CAPTURE(source.string());
    for (const std::string& quantization : kQuantizations) {
      const TemporaryFolder folder;
      const auto plain_shape = read_shape(source / "config.json");
      const Adapter none = random_adapter(plain_shape, lora_on({plain_shape.targets().front()}), 0);
      write_merged(source, none, folder / "plain", DType::float32, 1'000'000'000, {}, quantization);
      const auto quantized = BaseModel::load({source, "float32", quantization}, test_device());
      const auto plain = BaseModel::load({folder / "plain", "float32"}, test_device());
      const auto exact = BaseModel::load({source, "float32"}, test_device());
      PackedBatch batch;
      batch.add(std::vector<std::int32_t>{2, 30, 20, 10, 5, 40}, 1);
      const auto logits = [&](const BaseModel& base) {
        return packed_logits(base, nullptr, batch, false);
      };
      CHECK(largest_difference(logits(*quantized), logits(*plain)) <= 1e-6);
      CHECK(largest_difference(logits(*quantized), logits(*exact)) > 1e-5);
    }
  }
}

TEST_CASE("of a classifier the encoder is quantised, and its head as the adapter has it") {
  for (const std::string& name : golden_classifiers()) {
    const auto source = golden_classifier_folder(name) / "hf";
    const auto shape = read_shape(source / "config.json");
    const Adapter adapter = random_adapter(shape, lora_on({"query", "value", "output.dense"}));
    PackedBatch batch;
    batch.add_class(std::vector<std::int32_t>{0, 30, 20, 10, 5, 2}, 1);
    batch.add_class(std::vector<std::int32_t>{0, 7, 2}, 0);
    for (const std::string& quantization : kQuantizations) {
      CAPTURE(name + " " + quantization);
      const TemporaryFolder folder;
      write_merged(source, idle_adapter(shape, {"query"}), folder / "plain", DType::float32,
                   1'000'000'000, {}, quantization);
      const auto quantized = BaseModel::load({source, "float32", quantization}, test_device());
      const auto plain = BaseModel::load({folder / "plain", "float32"}, test_device());
      const auto exact = BaseModel::load({source, "float32"}, test_device());
      CHECK(quantized_layers(*quantized, nullptr) == std::vector<bool>(shape.modules(), true));
      const auto own = packed_loss(*quantized, adapter, batch);
      const auto expected = packed_loss(*plain, adapter, batch);
      CHECK(own.loss == expected.loss);
      CHECK(own.gradient == expected.gradient);
      CHECK(own.loss != packed_loss(*exact, adapter, batch).loss);
    }
  }
}

TEST_CASE("operators of any device compute as the host's kernels, also with parts of blocks") {
  const TemporaryFolder folder;
  // 60 x 60 entries are 56 blocks of NF4 and a quarter of one.
  write_random_base(folder / "base", base_of_size("opt-125m", {100, 2, 60, 64}), 5, DType::float32,
                    1'000'000'000);
  for (const std::string& quantization : kQuantizations) {
    const auto base = BaseModel::load({folder / "base", "float32", quantization});
    const Adapter adapter = random_adapter(base->shape(), lora_on({"all-linear"}));
    PackedBatch batch;
    batch.add(std::vector<std::int32_t>{2, 30, 20, 10, 5, 40}, 1);
    const LossAndGradient host = packed_loss(*base, adapter, batch);
    const HostKernelsOff as_on_a_gpu;
    const LossAndGradient aten = packed_loss(*base, adapter, batch);
    CHECK(aten.loss == doctest::Approx(host.loss).epsilon(1e-6));
    CHECK(largest_relative_difference(*adapter.layout, aten.gradient, host.gradient) <= 1e-5);
  }
}

TEST_CASE("the base takes the memory of its codes, and training a buffer more") {
  const auto folder = shipped_base("opt-mini");
  const auto description = read_description(folder / "config.json");
  const PackedBatch batch = wordnet_texts(folder, 4);
  for (const std::string& quantization :
       {std::string("none"), std::string("int8"), std::string("nf4")}) {
    CAPTURE(quantization);
    const auto expected = static_cast<double>(base_bytes(
        description, DType::float32, agreed_quantization(description.quantization, quantization)));
    const ScarceMemory memory(std::numeric_limits<std::size_t>::max());
    const auto base = BaseModel::load({folder, "float32", quantization}, "cpu");
    const auto loaded = static_cast<double>(memory.most_alive());
    MESSAGE(quantization << ": " << expected << " bytes expected, " << loaded << " at most");
    CHECK(loaded >= expected);
    // While it is read: a float32 matrix of its layers, or the copy that lies together.
    CHECK(loaded <= 1.05 * expected + 2.5e6);
    const auto dense = static_cast<double>(dense_bytes(
        description, DType::float32, agreed_quantization(description.quantization, quantization)));
    const double activations = 40e6;
    packed_loss(*base, idle_adapter(base->shape()), batch);
    CHECK(static_cast<double>(memory.most_alive()) <= expected + dense + activations);
  }
}

TEST_CASE("what is not finite cannot be quantised, and the tensor is named") {
  const std::string fc1 = "model.decoder.layers.1.fc1.weight";
  std::vector<float> values(std::size_t{256} * 64, 0.5f);
  values[777] = std::nanf("");
  const ChangedModel model([&](NamedTensor& tensor) {
    if (tensor.name == fc1) tensor.bytes = std::as_bytes(std::span(values));
  });
  for (const std::string& quantization : kQuantizations) {
    CHECK_THROWS_WITH_AS(BaseModel::load({model.path(), "float32", quantization}, test_device()),
                         (model.file() + ": tensor " + fc1 +
                          " has values that are not finite, which model.quantization cannot hold")
                             .c_str(),
                         InputError);
  }
}

TEST_CASE("of several files the one with the tensor is named") {
  const std::string fc1 = "model.decoder.layers.1.fc1.weight";
  const auto source = golden_opt_folder("opt_prenorm") / "hf";
  const Checkpoint checkpoint(source);
  const std::vector<float> values(std::size_t{256} * 64, std::nanf(""));
  std::vector<NamedTensor> others;
  nlohmann::json map;
  for (const auto& [name, tensor] : checkpoint.tensors()) {
    map[name] = name == fc1 ? "b.safetensors" : "a.safetensors";
    if (name != fc1)
      others.push_back({name, tensor.view.dtype, tensor.view.shape, tensor.view.bytes});
  }
  const TemporaryFolder folder;
  write_file(folder / "config.json", read_file(source / "config.json"));
  write_safetensors(folder / "a.safetensors", others, {});
  write_safetensors(folder / "b.safetensors",
                    {{fc1, DType::float32, {256, 64}, std::as_bytes(std::span(values))}}, {});
  write_file(folder / "model.safetensors.index.json", nlohmann::json{{"weight_map", map}}.dump());
  for (const std::string& quantization : kQuantizations) {
    CHECK_THROWS_WITH_AS(BaseModel::load({folder.path(), "float32", quantization}, test_device()),
                         ((folder / "b.safetensors").string() + ": tensor " + fc1 +
                          " has values that are not finite, which model.quantization cannot hold")
                             .c_str(),
                         InputError);
  }
}

TEST_CASE("codes do not depend on the threads that make them") {
  const auto folder = shipped_base("opt-nano");
  PackedBatch batch;
  batch.add(std::vector<std::int32_t>{2, 30, 20, 10, 5, 40}, 1);
  for (const std::string& quantization : kQuantizations) {
    std::vector<std::vector<float>> logits;
    for (const int threads : {1, 2, 3}) {
      configure_thread(threads);
      const auto base = BaseModel::load({folder, "float32", quantization}, test_device());
      configure_thread(1);
      logits.push_back(packed_logits(*base, nullptr, batch, false));
    }
    CHECK(logits[0] == logits[1]);
    CHECK(logits[0] == logits[2]);
  }
}
