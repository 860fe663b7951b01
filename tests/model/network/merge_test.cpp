#include "model/network/merge.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "model/files/checkpoint.hpp"
#include "model/files/half.hpp"
#include "model/files/hf_directory.hpp"
#include "model/network/family.hpp"
#include "model/network/random_base.hpp"
#include "partition/support/error.hpp"
#include "tests/model/changed_model.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/read_peft.hpp"
#include "tests/support/test_device.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

constexpr std::uint64_t kOneFile = 1'000'000'000;

Adapter trained(const std::string& model) {
  return read_peft(golden_opt_folder(model) / "adapter_after5");
}

}  // namespace

TEST_CASE("a merged base gives the logits of PEFT's merge_and_unload") {
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"}) {
    const TemporaryFolder folder;
    write_merged(golden_opt_folder(name) / "hf", trained(name), folder / "merged", DType::float32,
                 kOneFile);
    const GoldenOpt reference(name);
    const auto base = BaseModel::load({folder / "merged", "float32"}, test_device());
    const auto unpadded = unpad(reference.padded("nopad"));
    const auto logits = packed_logits(*base, nullptr, unpadded.batch, false);
    const double difference =
        largest_difference(logits, reference.floats("merged_after5.nopad.logits"));
    MESSAGE(std::string(name) << ": " << difference);
    CHECK(difference <= 1e-5);
    const Adapter adapter = trained(name);
    CHECK(largest_difference(
              logits, packed_logits(reference.base(), &adapter, unpadded.batch, false)) <= 1e-5);
  }
}

TEST_CASE("merged weights can be cut into shards and have another type") {
  const TemporaryFolder folder;
  const Adapter adapter = trained("opt_prenorm");
  write_merged(golden_opt_folder("opt_prenorm") / "hf", adapter, folder / "whole", DType::float32,
               kOneFile);
  write_merged(golden_opt_folder("opt_prenorm") / "hf", adapter, folder / "cut", DType::bfloat16,
               100'000);
  const Checkpoint whole(folder / "whole");
  const Checkpoint cut(folder / "cut");
  CHECK(cut.path().filename() == "model.safetensors.index.json");
  REQUIRE(cut.tensors().size() == whole.tensors().size());
  for (const auto& [name, tensor] : whole.tensors()) {
    CAPTURE(name);
    const auto exact = tensor.view.to_float32();
    const auto rounded = cut.find(name)->view.to_float32();
    for (std::size_t i = 0; i < exact.size(); ++i) {
      if (rounded[i] != bfloat16_to_float32(float32_to_bfloat16(exact[i]))) FAIL("differs");
    }
  }
  CHECK(BaseModel::load({folder / "cut", "bfloat16"}, test_device())->shape().width == 64);
}

TEST_CASE("an adapter of another model is refused") {
  const TemporaryFolder folder;
  Adapter adapter = trained("opt_prenorm");
  const auto& module = adapter.layout->modules()[0];
  const auto layout = std::make_shared<const AdapterLayout>(std::vector<LoraModule>{
      {"model.decoder.layers.7.self_attn.q_proj", module.in, module.out, 1, 1.0, false}});
  CHECK_THROWS_AS(write_merged(golden_opt_folder("opt_prenorm") / "hf",
                               {layout, std::vector<float>(layout->size())}, folder / "x",
                               DType::float32, kOneFile),
                  InputError);
  CHECK_FALSE(std::filesystem::exists(folder / "x"));
}

TEST_CASE("values that are not finite, or too large for the type, are refused by file and tensor") {
  const std::string adapted = "model.decoder.layers.1.self_attn.q_proj.weight";
  const std::string other = "model.decoder.layers.1.fc1.weight";
  const auto base_with = [](const std::string& name, float value) {
    static std::vector<float> values;
    return ChangedModel([&](NamedTensor& tensor) {
      if (tensor.name != name) return;
      values.assign(tensor.bytes.size() / sizeof(float), 0.5f);
      values[777] = value;
      tensor.bytes = std::as_bytes(std::span(values));
    });
  };
  /// Small shards: most of them are whole when the value is met.
  const auto refusal = [](const ChangedModel& base, const Adapter& adapter, DType dtype) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "empty");
    std::string what;
    for (const char* out : {"new", "empty"}) {
      try {
        write_merged(base.path(), adapter, folder / out, dtype, 20'000);
        return std::string();
      } catch (const InputError& error) {
        what = error.what();
      }
    }
    CHECK_FALSE(std::filesystem::exists(folder / "new"));
    CHECK(std::filesystem::is_empty(folder / "empty"));
    return what;
  };
  Adapter adapter = trained("opt_prenorm");
  for (const std::string& name : {adapted, other}) {
    for (const float value : {std::nanf(""), std::numeric_limits<float>::infinity(),
                              -std::numeric_limits<float>::infinity()}) {
      const ChangedModel base = base_with(name, value);
      for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        CHECK(refusal(base, adapter, dtype) ==
              base.file() + ": tensor " + name + " has values that are not finite");
      }
    }
  }
  const ChangedModel large = base_with(other, -65520.0f);
  CHECK(refusal(large, adapter, DType::float32).empty());
  CHECK(refusal(large, adapter, DType::bfloat16).empty());
  CHECK(refusal(large, adapter, DType::float16) ==
        large.file() + ": tensor " + other +
            " has values that are too large for float16; float32 can hold them");
  CHECK(refusal(base_with(other, 65519.0f), adapter, DType::float16).empty());
  const float largest = bfloat16_to_float32(0x7f7f);
  CHECK(refusal(base_with(other, largest), adapter, DType::bfloat16).empty());
  CHECK(tests::contains(
      refusal(base_with(other, std::numeric_limits<float>::max()), adapter, DType::bfloat16),
      " are too large for bfloat16; "));

  const ChangedModel sound([](NamedTensor&) {});
  adapter.a(0)[3] = 60.0f;
  adapter.b(0)[0] = 60'000.0f;
  CHECK(refusal(sound, adapter, DType::float32).empty());
  const std::string first = adapter.layout->modules()[0].name + ".weight with it added";
  CHECK(refusal(sound, adapter, DType::float16) ==
        "adapter: tensor " + first +
            " has values that are too large for float16; float32 can hold them");
  adapter.b(0)[0] = std::nanf("");
  CHECK(refusal(sound, adapter, DType::float32) ==
        "adapter: tensor " + first + " has values that are not finite");
}

TEST_CASE("float16 is rounded to the nearest, ties to even, over all of its values") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = float16_to_float32(half);
    if (std::isnan(value)) {
      CHECK(std::isnan(float16_to_float32(float32_to_float16(value))));
      continue;
    }
    if (float32_to_float16(value) != half) FAIL("value " << value);
    const auto next = static_cast<std::uint16_t>(half + 1);
    if ((half & 0x7fff) >= 0x7bff) continue;
    const float middle = (value + float16_to_float32(next)) / 2;  // exact in float32
    const std::uint16_t even = half % 2 == 0 ? half : next;
    if (float32_to_float16(middle) != even) FAIL("middle " << middle);
    if (float32_to_float16(std::nextafter(middle, value)) != half) FAIL("below " << middle);
  }
  CHECK(float32_to_float16(65520.0f) == 0x7c00);
  CHECK(float32_to_float16(65519.0f) == 0x7bff);
  CHECK(float32_to_float16(1e-10f) == 0);
}

TEST_CASE("sizes of shards are read as Hugging Face writes them") {
  CHECK(parse_size("5GB", "k") == 5'000'000'000);
  CHECK(parse_size("1.5MB", "k") == 1'500'000);
  CHECK(parse_size("1000", "k") == 1000);
  for (const char* bad : {"", "5 apples", "-1GB", "0", "GB"}) {
    CHECK_THROWS_AS(parse_size(bad, "k"), InputError);
  }
}

TEST_CASE("a random base has the shape that was asked for, and loads") {
  const TemporaryFolder folder;
  const auto made = base_of_size("opt-350m", {100, 2, 32, 20});
  write_random_base(folder / "a", made, 1, DType::float16, kOneFile);
  write_random_base(folder / "b", made, 1, DType::float16, kOneFile);
  write_random_base(folder / "c", made, 2, DType::float16, kOneFile);
  const auto weights = [&](const char* name) {
    return Checkpoint(folder / name).find("model.decoder.layers.1.fc1.weight")->view.to_float32();
  };
  CHECK(weights("a") == weights("b"));
  CHECK(weights("a") != weights("c"));
  double squares = 0.0;
  for (const float value : weights("a"))
    squares += static_cast<double>(value) * static_cast<double>(value);
  CHECK(std::sqrt(squares / (32 * 128)) == doctest::Approx(0.02).epsilon(0.05));
  const auto base = BaseModel::load({folder / "a", "float32"}, test_device());
  CHECK(base->shape().width == 32);
  CHECK(base->shape().embedding == 16);
  CHECK_FALSE(Checkpoint(folder / "a").find("model.decoder.final_layer_norm.weight"));
  CHECK(base_of_size("opt-125m").description.shape.width == 768);
  CHECK_THROWS_AS(base_of_size("opt-1b"), InputError);
}
