#include "model/adapter/peft.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstring>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "model/adapter/base_quantization.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/adapter/peft_config.hpp"
#include "model/files/half.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/base_model.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/model/files/torch_archive.hpp"
#include "tests/model/opt_shape.hpp"
#include "tests/model/read_peft.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using model::Adapter;
using model::AdapterLayout;
using model::LoraConfig;
using nlohmann::json;

namespace {

const std::vector<std::string> kGolden = {
    "opt/opt_prenorm/adapter_init", "opt/opt_prenorm/adapter_after5",
    "opt/opt_postnorm_proj/adapter_init", "opt/opt_postnorm_proj/adapter_after5"};

LoraConfig golden_config() {
  LoraConfig lora;
  lora.r = 4;
  lora.lora_alpha = 8.0;
  return lora;
}

json read_json(const std::filesystem::path& file) {
  return json::parse(read_file(file));
}

/// A PEFT directory to spoil: the golden one, with the given change to its configuration.
class SpoiledAdapter {
 public:
  SpoiledAdapter() {
    for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
      write_file(folder_ / name, read_file(tests::golden_folder() / kGolden[0] / name));
    }
  }
  void set(const std::string& key, const json& value) {
    json config = read_json(folder_ / "adapter_config.json");
    config[key] = value;
    write_file(folder_ / "adapter_config.json", config.dump());
  }
  void erase(const std::string& key) {
    json config = read_json(folder_ / "adapter_config.json");
    config.erase(key);
    write_file(folder_ / "adapter_config.json", config.dump());
  }
  /// Replaces the factors by tensors of zeros.
  void tensors(const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& shapes) {
    const std::vector<std::byte> zeros(1 << 16);
    std::vector<model::NamedTensor> all;
    for (const auto& [name, shape] : shapes) {
      std::size_t bytes = 4;
      for (const std::int64_t extent : shape) {
        bytes *= static_cast<std::size_t>(extent);
      }
      all.push_back({name, model::DType::float32, shape, std::span(zeros).first(bytes)});
    }
    model::write_safetensors(folder_ / "adapter_model.safetensors", all, {});
  }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }
  [[nodiscard]] std::string refusal() const {
    try {
      tests::read_peft(folder_.path());
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

 private:
  tests::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("PEFT's adapters load with the modules, the scale and the values of the files") {
  for (const std::string& name : kGolden) {
    CAPTURE(name);
    std::vector<std::string> warnings;
    const Adapter adapter = tests::read_peft(
        tests::golden_folder() / name, [&](const std::string& line) { warnings.push_back(line); });
    CHECK(warnings.empty());
    const auto& modules = adapter.layout->modules();
    REQUIRE(modules.size() == 4);
    CHECK(modules[0].name == "model.decoder.layers.0.self_attn.q_proj");
    CHECK(modules[1].name == "model.decoder.layers.0.self_attn.v_proj");
    CHECK(modules[3].name == "model.decoder.layers.1.self_attn.v_proj");
    const model::SafetensorsFile file(tests::golden_folder() / name / "adapter_model.safetensors");
    for (std::size_t i = 0; i < modules.size(); ++i) {
      CHECK(modules[i].in == 64);
      CHECK(modules[i].out == 64);
      CHECK(modules[i].rank == 4);
      CHECK(modules[i].scale() == 2.0);
      const std::string prefix = "base_model.model." + modules[i].name;
      const auto a = file.find(prefix + ".lora_A.weight")->to_float32();
      const auto b = file.find(prefix + ".lora_B.weight")->to_float32();
      CHECK(std::ranges::equal(adapter.a(i), a));
      CHECK(std::ranges::equal(adapter.b(i), b));
      CHECK(model::l2_norm(adapter.b(i)) > 0.0);
    }
  }
}

TEST_CASE("a saved adapter has the bytes and the configuration that PEFT writes") {
  for (const std::string& name : kGolden) {
    CAPTURE(name);
    const tests::TemporaryFolder folder;
    model::save_peft(folder / "adapter", tests::read_peft(tests::golden_folder() / name),
                     golden_config(), "", tests::golden_shape());
    CHECK(read_file(folder / "adapter" / "adapter_model.safetensors") ==
          read_file(tests::golden_folder() / name / "adapter_model.safetensors"));
    const json written = read_json(folder / "adapter" / "adapter_config.json");
    const json golden = read_json(tests::golden_folder() / name / "adapter_config.json");
    for (const auto& [key, value] : written.items()) {
      CAPTURE(key);
      if (key == "target_modules") {
        CHECK(value == json({"q_proj", "v_proj"}));
      } else {
        CHECK(golden.at(key) == value);
      }
    }
    for (const auto& [key, value] : golden.items()) {
      const bool off = value.is_null() || value == false;
      CAPTURE(key);
      CHECK((written.contains(key) || off || key == "peft_version" || key == "qalora_group_size"));
    }
  }
}

TEST_CASE("an adapter of a quantised base names it in the metadata, and has the same tensors") {
  const tests::TemporaryFolder folder;
  const Adapter adapter = tests::read_peft(tests::golden_folder() / kGolden[1]);
  for (const std::string quantization : {"none", "int8", "nf4"}) {
    CAPTURE(quantization);
    const auto own = folder / quantization;
    model::save_peft(own, adapter, golden_config(), "", tests::golden_shape(), quantization);
    const auto path = own / "adapter_model.safetensors";
    std::map<std::string, std::string> expected = {{"format", "pt"}};
    if (quantization != "none") expected["base_quantization"] = quantization;
    CHECK(model::SafetensorsFile(path).metadata() == expected);
    CHECK(model::base_quantization(path) == quantization);
    CHECK(tests::read_peft(own).values == adapter.values);
    CHECK(read_file(own / "adapter_config.json") ==
          read_file(folder / "none" / "adapter_config.json"));
  }
  CHECK(model::base_quantization(tests::golden_folder() / kGolden[1] /
                                 "adapter_model.safetensors") == "none");
  CHECK(model::base_quantization(folder / "nowhere.safetensors") == "none");
  write_file(folder / "adapter_model.bin", "no safetensors");
  CHECK(model::base_quantization(folder / "adapter_model.bin") == "none");
}

TEST_CASE("adapters of any ranks, alphas and modules survive saving and loading") {
  CHECK(rc::check("round trip", [] {
    const auto shape = tests::opt_shape(8, 12, *rc::gen::inRange<std::int64_t>(1, 13));
    LoraConfig lora;
    const char* const names[] = {"q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"};
    lora.target_modules.clear();
    const unsigned chosen = *rc::gen::inRange(1u, 1u << std::size(names));
    for (std::size_t i = 0; i < std::size(names); ++i) {
      if ((chosen >> i & 1u) != 0) lora.target_modules.emplace_back(names[i]);
    }
    lora.r = *rc::gen::inRange<std::int64_t>(1, 8);
    lora.lora_alpha = *rc::gen::inRange(1, 64) / 4.0;
    lora.use_rslora = *rc::gen::arbitrary<bool>();
    auto modules = model::make_layout(shape, lora)->modules();
    for (auto& module : modules) {
      if (*rc::gen::inRange(0, 3) == 0) module.rank = *rc::gen::inRange<std::int64_t>(1, 8);
      if (*rc::gen::inRange(0, 3) == 0) module.alpha = *rc::gen::inRange(1, 64) / 4.0;
    }
    const auto layout = std::make_shared<const AdapterLayout>(modules);
    Adapter adapter = model::initial_adapter(layout, *rc::gen::arbitrary<std::uint64_t>());
    for (std::size_t i = 0; i < modules.size(); ++i) {
      adapter.b(i)[0] = static_cast<float>(i) + 0.5f;
    }
    const tests::TemporaryFolder folder;
    model::save_peft(folder.path(), adapter, lora, "base", shape);
    const Adapter loaded = tests::read_peft(folder.path());
    RC_ASSERT(*loaded.layout == *layout);
    RC_ASSERT(loaded.values == adapter.values);
  }));
}

TEST_CASE("modules that differ are named in rank_pattern and alpha_pattern") {
  const tests::TemporaryFolder folder;
  const auto layout = std::make_shared<const AdapterLayout>(std::vector<model::LoraModule>{
      {"model.decoder.layers.0.self_attn.q_proj", 8, 8, 4, 8.0, false},
      {"model.decoder.layers.1.self_attn.q_proj", 8, 8, 2, 5.5, false}});
  model::save_peft(folder.path(), model::initial_adapter(layout, 1), golden_config(), "base",
                   tests::golden_shape());
  const json config = read_json(folder / "adapter_config.json");
  CHECK(config["r"] == 4);
  CHECK(config["lora_alpha"] == 8);
  CHECK(config["rank_pattern"] == json({{"decoder.layers.1.self_attn.q_proj", 2}}));
  CHECK(config["alpha_pattern"] == json({{"decoder.layers.1.self_attn.q_proj", 5.5}}));
}

TEST_CASE("patterns are regular expressions for the end of a name, the first match counts") {
  SpoiledAdapter adapter;
  adapter.set("alpha_pattern", {{"layers\\.[1-9]\\.self_attn\\.v_proj", 40}, {"q_proj", 20}});
  const auto layout = tests::read_peft(adapter.path()).layout;
  CHECK(layout->modules()[0].alpha == 20.0);
  CHECK(layout->modules()[1].alpha == 8.0);
  CHECK(layout->modules()[2].alpha == 20.0);
  CHECK(layout->modules()[3].alpha == 40.0);
}

TEST_CASE("rsLoRA divides alpha by the root of the rank") {
  SpoiledAdapter adapter;
  adapter.set("use_rslora", true);
  CHECK(tests::read_peft(adapter.path()).layout->modules()[0].scale() == 4.0);
}

TEST_CASE("a broken configuration is refused with file, key and reason") {
  const auto refusal = [](const std::string& key, const json& value) {
    SpoiledAdapter adapter;
    adapter.set(key, value);
    return adapter.refusal();
  };
  CHECK(tests::contains(
      refusal("peft_type", "LOHA"),
      "adapter_config.json: peft_type: \"LOHA\" is not supported; allowed: \"LORA\""));
  CHECK(tests::contains(refusal("r", 0),
                        "adapter_config.json: r: a rank must be a positive integer, not 0"));
  CHECK(tests::contains(refusal("r", 2.5), "a rank must be a positive integer, not 2.5"));
  CHECK(tests::contains(refusal("lora_alpha", -1), "lora_alpha: alpha must be a positive number"));
  CHECK(tests::contains(refusal("bias", "all"), "bias: \"all\" is not supported"));
  CHECK(tests::contains(refusal("init_lora_weights", "pissa"), "init_lora_weights: \"pissa\""));
  CHECK(tests::contains(refusal("use_rslora", "yes"), "use_rslora: must be true or false"));
  CHECK(tests::contains(refusal("rank_pattern", {{"(", 4}}),
                        "rank_pattern: \"(\": is not a regular"));
  CHECK(tests::contains(refusal("rank_pattern", {{"q_proj", 0}}),
                        "rank_pattern: \"q_proj\": a rank"));
  CHECK(tests::contains(refusal("r", 8), "lora_A.weight\": the shape must be [8, in]"));
  CHECK(tests::contains(refusal("rank_pattern", {{"v_proj", 2}}),
                        "v_proj.lora_A.weight\": the shape"));

  SpoiledAdapter without;
  without.erase("r");
  CHECK(tests::contains(without.refusal(), "r: a rank must be a positive integer, not null"));
}

TEST_CASE("a missing file is refused by its name") {
  const tests::TemporaryFolder empty;
  CHECK_THROWS_WITH_AS(tests::read_peft(empty.path()),
                       doctest::Contains("adapter_config.json: no such file"), InputError);
  const SpoiledAdapter adapter;
  std::filesystem::remove(adapter.path() / "adapter_model.safetensors");
  CHECK(tests::contains(adapter.refusal(), "adapter_model.safetensors: no such file"));
}

TEST_CASE("factors that do not fit together are refused") {
  const std::string a = "base_model.model.x.q_proj.lora_A.weight";
  const std::string b = "base_model.model.x.q_proj.lora_B.weight";
  SpoiledAdapter adapter;
  adapter.tensors({{a, {4, 6}}, {b, {5, 4}}});
  CHECK(adapter.refusal().empty());
  adapter.tensors({{a, {4, 6}}});
  CHECK(tests::contains(adapter.refusal(), "tensor \"" + b + "\" is missing"));
  adapter.tensors({{b, {5, 4}}});
  CHECK(tests::contains(adapter.refusal(), "tensor \"" + a + "\" is missing"));
  adapter.tensors({{a, {4, 6}}, {b, {4, 5}}});
  CHECK(tests::contains(adapter.refusal(), "lora_B.weight\": the shape must be [out, 4]"));
  adapter.tensors({{a, {24}}, {b, {5, 4}}});
  CHECK(tests::contains(adapter.refusal(), "lora_A.weight\": the shape must be [4, in]"));
  adapter.tensors({{a, {4, 6}}, {b, {5, 4}}, {"lm_head.weight", {2}}});
  CHECK(tests::contains(adapter.refusal(), "\"lm_head.weight\" is not a LoRA factor"));
  adapter.tensors({{"base_model.model.lora_A.weight", {4, 6}}});
  CHECK(tests::contains(adapter.refusal(), "lora_A.weight\" is not a LoRA factor"));
  adapter.tensors({});
  CHECK(tests::contains(adapter.refusal(), "holds no LoRA factors"));
}

TEST_CASE("keys may carry the name of PEFT's default adapter") {
  const std::string module = "base_model.model.x.q_proj";
  const std::string a = module + ".lora_A.default.weight";
  const std::string b = module + ".lora_B.default.weight";
  SpoiledAdapter adapter;
  adapter.tensors({{a, {4, 6}}, {b, {5, 4}}});
  const auto modules = tests::read_peft(adapter.path()).layout->modules();
  REQUIRE(modules.size() == 1);
  CHECK(modules[0] == model::LoraModule{"x.q_proj", 6, 5, 4, 8.0, false});
  adapter.tensors({{a, {4, 6}}, {module + ".lora_A.weight", {4, 6}}, {b, {5, 4}}});
  CHECK(tests::contains(adapter.refusal(), "the factor occurs twice"));
  adapter.tensors({{module + ".lora_A.other.weight", {4, 6}}, {b, {5, 4}}});
  CHECK(tests::contains(adapter.refusal(), "lora_A.other.weight\" is not a LoRA factor"));
}

TEST_CASE("an adapter of torch.save is read where there is no safetensors file") {
  const std::string module = "base_model.model.x.q_proj";
  const std::string storage = tests::pickled_storage("FloatStorage", "0", 16);
  const std::string pickle = tests::state_dict(
      {{module + ".lora_A.weight", tests::pickled_tensor(storage, 0, {4, 2}, {2, 1})},
       {module + ".lora_B.weight", tests::pickled_tensor(storage, 8, {2, 4}, {1, 2})}});
  std::string floats;
  for (int i = 0; i < 16; ++i) {
    floats += tests::bytes_of(static_cast<float>(i));
  }
  const SpoiledAdapter adapter;
  std::filesystem::remove(adapter.path() / "adapter_model.safetensors");
  write_file(adapter.path() / "adapter_model.bin", tests::torch_archive(pickle, floats));
  const Adapter loaded = tests::read_peft(adapter.path());
  REQUIRE(loaded.layout->modules().size() == 1);
  CHECK(std::ranges::equal(loaded.a(0), std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7}));
  CHECK(std::ranges::equal(loaded.b(0), std::vector<float>{8, 10, 12, 14, 9, 11, 13, 15}));
}

TEST_CASE("factors stored in half precision are widened without rounding") {
  std::vector<std::uint16_t> halves(24 + 20);
  for (const auto dtype : {model::DType::float16, model::DType::bfloat16}) {
    std::vector<float> expected;
    for (std::size_t i = 0; i < halves.size(); ++i) {
      expected.push_back((static_cast<float>(i) - 20.0f) / 64.0f);  // exact in both
      halves[i] = dtype == model::DType::float16 ? model::float32_to_float16(expected[i])
                                                 : model::float32_to_bfloat16(expected[i]);
    }
    const SpoiledAdapter adapter;
    const auto bytes = std::as_bytes(std::span(halves));
    model::write_safetensors(
        adapter.path() / "adapter_model.safetensors",
        {{"base_model.model.x.q_proj.lora_A.weight", dtype, {4, 6}, bytes.first(48)},
         {"base_model.model.x.q_proj.lora_B.weight", dtype, {5, 4}, bytes.subspan(48)}},
        {});
    CHECK(tests::read_peft(adapter.path()).values == expected);
  }
}

TEST_CASE("the factors say which modules are adapted, however target_modules is written") {
  SpoiledAdapter adapter;
  const auto layout = tests::read_peft(adapter.path()).layout;
  for (const json& form :
       {json("all-linear"), json(".*\\.(q|v)_proj"), json({"self_attn.q_proj", "v_proj"})}) {
    adapter.set("target_modules", form);
    CHECK(*tests::read_peft(adapter.path()).layout == *layout);
  }
  adapter.set("layers_to_transform", {0, 1});
  adapter.set("layers_pattern", "layers");
  adapter.set("exclude_modules", {"fc1"});
  CHECK(*tests::read_peft(adapter.path()).layout == *layout);
}

TEST_CASE("an older PEFT's configuration is enough") {
  const SpoiledAdapter adapter;
  const auto layout = tests::read_peft(adapter.path()).layout;
  const json old = {{"base_model_name_or_path", "x"},
                    {"bias", "none"},
                    {"fan_in_fan_out", false},
                    {"inference_mode", true},
                    {"init_lora_weights", true},
                    {"lora_alpha", 8},
                    {"lora_dropout", 0.0},
                    {"modules_to_save", nullptr},
                    {"peft_type", "LORA"},
                    {"r", 4},
                    {"target_modules", {"q_proj"}},
                    {"task_type", "CAUSAL_LM"}};
  write_file(adapter.path() / "adapter_config.json", old.dump());
  CHECK(*tests::read_peft(adapter.path()).layout == *layout);
}

TEST_CASE("a base path that is not UTF-8 does not lose the adapter") {
  const AdapterLayout layout({{"model.decoder.layers.0.self_attn.q_proj", 8, 8, 4, 8.0, false}});
  const std::string text =
      model::peft_config_text(layout, golden_config(), "models/caf\xe9", tests::golden_shape());
  CHECK(json::parse(text)["base_model_name_or_path"] == "models/caf\ufffd");
}
