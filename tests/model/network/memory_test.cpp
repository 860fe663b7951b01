#include "model/network/memory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "model/adapter/lora_layout.hpp"
#include "model/files/checkpoint.hpp"
#include "model/network/footprint.hpp"
#include "model/network/rows/onednn_product.hpp"
#include "partition/support/files.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

std::int64_t activations(const BaseDescription& base, const std::vector<std::string>& targets,
                         std::int64_t rows) {
  const LoraConfig lora = lora_on(targets);
  return activation_bytes(base, *make_layout(base.shape, lora), DType::float32, rows);
}

}  // namespace

TEST_CASE("the parameters of published models are counted as their authors count them") {
  struct Published {
    const char* size;
    std::int64_t parameters;
  };
  for (const Published& own :
       {Published{"opt-125m", 125'239'296}, Published{"opt-350m", 331'196'416},
        Published{"smollm2-135m", 134'515'008}, Published{"llama-3.2-1b", 1'235'814'400},
        Published{"qwen2.5-0.5b", 494'032'768}, Published{"qwen3-0.6b", 596'049'920},
        Published{"gemma-3-270m", 268'098'176}, Published{"gpt2", 124'439'808},
        Published{"pythia-70m", 70'426'624}, Published{"mistral-7b", 7'248'023'552}}) {
    CAPTURE(own.size);
    CHECK(parameters(base_of_size(own.size).description) == own.parameters);
  }
}

TEST_CASE("the golden models have as many bytes as their files say") {
  std::size_t found = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(golden_folder() / "families")) {
    if (entry.path().filename() != "model.safetensors") continue;
    const auto folder = entry.path().parent_path();
    CAPTURE(folder.string());
    ++found;
    const auto base = read_description(folder / "config.json");
    const Checkpoint checkpoint(folder);
    std::int64_t numbers = 0;
    std::int64_t vectors = 0;
    for (const auto& [key, tensor] : checkpoint.tensors()) {
      const std::string name = base.weight_name(key);
      if (name.empty()) continue;
      std::int64_t size = 1;
      for (const std::int64_t n : tensor.view.shape)
        size *= n;
      numbers += size;
      if (tensor.view.shape.size() == 1 || name == base.parts.positions + ".weight") {
        vectors += size;
      }
    }
    CHECK(parameters(base) == numbers);
    CHECK(base_bytes(base, DType::float32) == 4 * numbers);
    CHECK(base_bytes(base, DType::bfloat16) == 2 * numbers + 2 * vectors);
  }
  CHECK(found == 19);
}

TEST_CASE("a quantised base has its linear layers as codes, and makes one of them numbers") {
  const auto base = base_of_size("opt-125m").description;
  // 12 layers of four 768 x 768 and two 768 x 3072; a scale for each output, or for 64 entries.
  constexpr std::int64_t kEntries = 12 * 12 * 768 * 768;
  const std::int64_t all = base_bytes(base, DType::bfloat16);
  CHECK(base_bytes(base, DType::bfloat16, Quantization::int8) ==
        all - 2 * kEntries + kEntries + 4 * 12 * (5 * 768 + 3072));
  CHECK(base_bytes(base, DType::bfloat16, Quantization::nf4) ==
        all - 2 * kEntries + kEntries / 2 + kEntries / 16);
  CHECK(dense_bytes(base, DType::bfloat16, Quantization::nf4) == 2 * 4 * 768 * 768);
  CHECK(dense_bytes(base, DType::float32, Quantization::none) == 0);
  CHECK(packed_bytes(base, Quantization::nf4) == 4 * 768 * 50272);  // the head
  // Gate and up are one product.
  const auto gated = base_of_size("smollm2-135m").description;
  CHECK(dense_bytes(gated, DType::float32, Quantization::int8) == 4 * 2 * 576 * 1536);
}

TEST_CASE("modules that files keep as numbers count as such") {
  auto base = base_of_size("opt-125m").description;
  base.quantization = {Quantization::nf4, {"fc1"}};
  constexpr std::int64_t kOthers = 12 * 8 * 768 * 768;
  CHECK(base_bytes(base, DType::bfloat16, Quantization::nf4) ==
        base_bytes(base, DType::bfloat16) - 2 * kOthers + kOthers / 2 + kOthers / 16);
}

TEST_CASE("an adapter in training is seven times its weights") {
  const auto base = base_of_size("opt-125m").description;
  // 12 layers, q and v: (768 + 768) * 8 each.
  const LayoutPtr adapter = make_layout(base.shape, LoraConfig{});
  CHECK(adapter->size() == 12 * 2 * 1536 * 8);
  CHECK(adapter_bytes(*adapter) == 7 * 4 * 12 * 2 * 1536 * 8);
}

TEST_CASE("activations are those from the first adapted layer up, and grow with the rows") {
  const auto base = base_of_size("smollm2-135m", {1000, 4, {}, {}}).description;
  const std::int64_t all = activations(base, {"q_proj", "v_proj"}, 2000);
  CHECK(activations(base, {"q_proj", "v_proj"}, 4000) == 2 * all);
  CHECK(activations(base, {"all-linear"}, 2000) > all);
  // By hand, of one row of one layer: what each half adds to (2 * 576), queries, keys and values
  // (576 + 2 * 192), gate and up (2 * 1536), 2 * 16 columns of factors. Once: four matrices of 1536
  // and three of 576.
  const std::int64_t layer = 2 * 576 + 960 + 2 * 1536 + 2 * 16;
  CHECK(all == 4 * 2000 * (4 * layer + 4 * 1536 + 3 * 576));
  const std::vector<LoraModule> modules =
      make_layout(base.shape, lora_on({"q_proj", "v_proj"}))->modules();
  const AdapterLayout last({modules[6], modules[7]});
  CHECK(activation_bytes(base, last, DType::float32, 2000) ==
        4 * 2000 * (layer + 4 * 1536 + 3 * 576));
  const LayoutPtr both = make_layout(base.shape, lora_on({"q_proj", "v_proj"}));
  CHECK(activation_bytes(base, *both, DType::float32, 2000, /*recomputes=*/true) ==
        4 * 2000 * (4 * 576 + layer + 4 * 1536 + 3 * 576));
  // Rounded, all but the factors' columns; one layer's as it was.
  const std::int64_t values = layer - 2 * 16;
  CHECK(activation_bytes(base, *both, DType::bfloat16, 2000) ==
        2000 * (2 * 4 * values + 4 * 4 * 2 * 16 + 4 * (values + 4 * 1536 + 3 * 576)));
}

TEST_CASE("a GPU's memory is what an H200 had in use with 16 jobs of 1,024 tokens") {
  struct Seen {
    const char* base;
    double gigabytes;  // bench/gpu: of the driver, so with what CUDA itself takes
  };
  for (const auto& [name, gigabytes] :
       {Seen{"opt-125m", 5.20}, Seen{"opt-1.3b", 22.73}, Seen{"llama-3.2-1b", 21.88}}) {
    CAPTURE(name);
    const auto base = base_of_size(name).description;
    const LayoutPtr adapter = make_layout(base.shape, lora_on({"q_proj", "v_proj"}));
    constexpr std::int64_t kCuda = 600'000'000;
    const std::int64_t all = kCuda + base_bytes(base, DType::bfloat16) +
                             16 * adapter_bytes(*adapter) +
                             device_activation_bytes(base, *adapter, DType::bfloat16, 16 * 1024);
    CHECK(static_cast<double>(all) * 1e-9 ==
          doctest::Approx(gigabytes).epsilon(1.0 / 6.0).scale(0.0));
    CHECK(device_activation_bytes(base, *adapter, DType::float32, 16 * 1024) >
          device_activation_bytes(base, *adapter, DType::bfloat16, 16 * 1024));
    const std::int64_t scoring = device_scoring_bytes(base, DType::bfloat16, 16 * 1024);
    CHECK(scoring < device_activation_bytes(base, *adapter, DType::bfloat16, 16 * 1024, true));
    CHECK(scoring > 2 * 16 * 1024 * 3 * base.shape.width);
  }
}

TEST_CASE("a footprint reads config.json alone, and knows how many tokens go through together") {
  const TemporaryFolder folder;
  const ModelConfig model{folder.path(), "bfloat16"};
  CHECK(!footprint(model, LoraConfig{}, TrainConfig{}, 256));
  const NewBase base = base_of_size("opt-125m");
  write_file(folder / "config.json", base.config);
  LoraConfig lora;
  lora.ranks = {{4, 0.5, "", 0.0}, {16, 0.5, "", 0.0}};
  TrainConfig train;
  train.batch_tokens = 1000;
  const auto rows = [&](std::int64_t examples, std::int64_t longest) {
    train.batch_size = examples;
    return footprint(model, lora, train, longest)->rows;
  };
  CHECK(rows(0, 256) == 1000);
  CHECK(rows(2, 256) == 512);
  CHECK(rows(4, 256) == 1000);
  CHECK(rows(0, 1500) == 1500);
  CHECK(rows(0, 100'000) == 2048);  // no more positions
  const Footprint takes = *footprint(model, lora, train, 256);
  CHECK(takes.parameters == 125'239'296);
  CHECK(takes.base_bytes == base_bytes(base.description, DType::bfloat16));
  const std::int64_t packed = packed_bytes(base.description);
  CHECK(packed == 4 * (12 * 12 * 768 * 768 + 768 * 50272));
  CHECK((takes.packed_bytes == packed || takes.packed_bytes == 0));  // by the CPU
  ModelConfig plain = model;
  plain.packing = "none";
  CHECK(footprint(plain, lora, train, 256)->packed_bytes == 0);
  const BaseDescription large = base_of_size("llama-3.2-1b").description;
  CHECK_FALSE(keeps_packed(large, Packing::small));
  CHECK_FALSE(keeps_packed(large, Packing::none));
  CHECK(keeps_packed(large, Packing::all) == onednn_serves());
  CHECK(takes.adapter_values == 12 * 2 * 1536 * 16);
  CHECK(takes.dense_bytes == 0);
  const ModelConfig fewer_bits{folder.path(), "bfloat16", "nf4"};
  const Footprint quantized = *footprint(fewer_bits, lora, train, 256);
  CHECK(quantized.base_bytes == base_bytes(base.description, DType::bfloat16, Quantization::nf4));
  CHECK(quantized.dense_bytes == 2 * 4 * 768 * 768);
  CHECK(quantized.packed_bytes <= 4 * 768 * 50272);
  const DeviceFootprint there = *device_footprint(fewer_bits, lora, train, 256);
  CHECK(there.base_bytes == quantized.base_bytes);
  CHECK(there.pass_bytes(1) ==
        device_footprint(model, lora, train, 256)->pass_bytes(1) + quantized.dense_bytes);
  CHECK(there.scoring_bytes(300) ==
        device_scoring_bytes(base.description, DType::bfloat16, 300) + quantized.dense_bytes);
}
