#include "model/network/quantization/bitsandbytes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/network/base_model.hpp"
#include "model/network/merge.hpp"
#include "model/network/packed_batch.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_classifier.hpp"
#include "tests/model/golden_family.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/network/quantization/bitsandbytes_files.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

using FilesOptions = BitsAndBytesFiles::Options;

const std::filesystem::path& tiny_opt_folder() {
  static const std::filesystem::path kFolder = golden_opt_folder("opt_prenorm") / "hf";
  return kFolder;
}
const std::string kFc1 = "model.decoder.layers.1.fc1";

PackedBatch two_sequences(const ModelShape& shape) {
  Random random(3, Purpose::sample);
  PackedBatch batch;
  for (const std::size_t length : {std::size_t{5}, std::size_t{17}}) {
    std::vector<std::int32_t> tokens(length);
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
    if (shape.classifier) {
      batch.add_class(tokens, 1);
    } else {
      batch.add(tokens, 1);
    }
  }
  return batch;
}

std::vector<float> probe_logits(const BaseModel& base, const Adapter* adapter = nullptr) {
  return packed_logits(base, adapter, two_sequences(base.shape()), false);
}

BaseModelPtr load_as(const std::filesystem::path& folder, const std::string& quantization,
                     const std::string& dtype = "float32") {
  return BaseModel::load({folder, dtype, quantization}, test_device());
}

/// The logits and gradients of the codes are those of the numbers that they stand for; in bfloat16,
/// where libraries may add otherwise for a matrix that they have laid out before, as far as its
/// rounding lets them.
void check_like_plain(const std::filesystem::path& source, const FilesOptions& options) {
  const BitsAndBytesFiles files(source, options);
  const auto quantized = load_as(files.path(), name_of(options.kind));
  const auto plain = load_as(files.plain_path(), "none");
  CHECK(probe_logits(*quantized) == probe_logits(*plain));
  const Adapter adapter = random_adapter(plain->shape(), lora_on(plain->shape().targets()));
  const PackedBatch batch = two_sequences(plain->shape());
  const LossAndGradient own = packed_loss(*quantized, adapter, batch);
  const LossAndGradient expected = packed_loss(*plain, adapter, batch);
  CHECK(own.loss == expected.loss);
  CHECK(own.gradient == expected.gradient);
  const double narrow =
      packed_loss(*load_as(files.path(), name_of(options.kind), "bfloat16"), adapter, batch).loss;
  const double narrow_expected =
      packed_loss(*load_as(files.plain_path(), "none", "bfloat16"), adapter, batch).loss;
  CHECK(narrow == doctest::Approx(narrow_expected).epsilon(1e-3));
}

std::string load_refusal(const BitsAndBytesFiles& files, const std::string& quantization) {
  try {
    load_as(files.path(), quantization);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

Adapter idle_adapter(const BitsAndBytesFiles& files) {
  return random_adapter(read_shape(files.path() / "config.json"), lora_on({"q_proj"}), 0.0);
}

/// Merging must leave no file behind, in small shards neither.
std::string merge_refusal(const BitsAndBytesFiles& files) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "empty");
  std::string what;
  for (const char* out : {"new", "empty"}) {
    try {
      write_merged(files.path(), idle_adapter(files), folder / out, DType::float32, 20'000);
      return "";
    } catch (const InputError& error) {
      what = error.what();
    }
  }
  CHECK_FALSE(std::filesystem::exists(folder / "new"));
  CHECK(std::filesystem::is_empty(folder / "empty"));
  return what;
}

std::string without_file(const BitsAndBytesFiles& files, const std::string& what) {
  const std::string place = files.file() + ": ";
  REQUIRE(what.starts_with(place));
  return what.substr(place.size());
}

/// What loading says of the files, and merging too, after the file's name.
std::string refusal(const FilesOptions& options) {
  const BitsAndBytesFiles files(tiny_opt_folder(), options);
  const std::string what = load_refusal(files, name_of(options.kind));
  CHECK(merge_refusal(files) == what);
  return without_file(files, what);
}

/// The same of files of which tensors have changed, by name.
std::string refusal(FilesOptions options,
                    const std::map<std::string, std::function<void(NamedTensor&)>>& changes) {
  options.change = [&](std::vector<NamedTensor>& tensors) {
    for (const auto& [name, change] : changes) {
      const auto found =
          std::find_if(tensors.begin(), tensors.end(),
                       [&name = name](const NamedTensor& own) { return own.name == name; });
      REQUIRE(found != tensors.end());
      change(*found);
      if (found->name.empty()) tensors.erase(found);
    }
  };
  return refusal(options);
}

std::string refusal(const FilesOptions& options, const std::string& tensor,
                    const std::function<void(NamedTensor&)>& change) {
  return refusal(options, {{tensor, change}});
}

/// A change of a tensor's numbers. They must outlive it.
template <typename Number>
std::function<void(NamedTensor&)> becomes(const std::vector<Number>& numbers) {
  return [&](NamedTensor& tensor) {
    tensor.bytes = std::as_bytes(std::span(numbers));
    tensor.shape = {std::ssize(numbers)};
  };
}

}  // namespace

TEST_CASE("int8 files compute as the numbers that they stand for") {
  check_like_plain(tiny_opt_folder(), {Quantization::int8});
  for (const char* family : {"llama/gqa", "gpt2/all_conv1d"})
    check_like_plain(golden_folder() / "families" / family / "hf", {Quantization::int8});
}

TEST_CASE("NF4 files compute as the numbers that they stand for, in every family") {
  check_like_plain(tiny_opt_folder(), {Quantization::nf4});
  check_like_plain(golden_opt_folder("opt_postnorm_proj") / "hf", {Quantization::nf4});
  for (const std::string& family : golden_families()) {
    CAPTURE(family);
    check_like_plain(golden_folder() / "families" / family / "hf", {Quantization::nf4});
  }
}

TEST_CASE("files of a classifier, whose head stays as it is, compute as what they stand for") {
  for (const std::string& name : golden_classifiers()) {
    CAPTURE(name);
    for (const Quantization kind : {Quantization::int8, Quantization::nf4})
      check_like_plain(golden_classifier_folder(name) / "hf", {kind});
  }
}

TEST_CASE("scales that are quantised themselves, and larger blocks, are read") {
  for (const std::int64_t block : {64, 128, 1024}) {
    check_like_plain(tiny_opt_folder(), {.nested = true, .block = block});
    check_like_plain(tiny_opt_folder(), {.block = block});
  }
}

TEST_CASE("modules that were skipped stay as they are, beside others that read the same rows") {
  for (const Quantization kind : {Quantization::int8, Quantization::nf4})
    check_like_plain(tiny_opt_folder(), {.kind = kind, .skip = {"k_proj", "fc2"}});
}

TEST_CASE("a base change lies on what codes stand for") {
  const BitsAndBytesFiles files(tiny_opt_folder(), {Quantization::nf4});
  const auto quantized = load_as(files.path(), "nf4");
  const auto plain = load_as(files.plain_path(), "none");
  Adapter adapter = random_adapter(plain->shape(), lora_on({"q_proj"}));
  const auto change = std::make_shared<BaseChange>();
  for (const std::size_t module : {std::size_t{1}, std::size_t{4}}) {
    const LinearShape& linear = plain->shape().linear(module);
    LoraModule own;
    own.name = plain->shape().module_name(module);
    own.in = linear.in;
    own.out = linear.out;
    change->modules.push_back(own);
    change->deltas.emplace_back(static_cast<std::size_t>(linear.in * linear.out), 0.01f);
  }
  adapter.base_change = change;
  CHECK(probe_logits(*quantized, &adapter) == probe_logits(*plain, &adapter));
  CHECK(probe_logits(*quantized, &adapter) != probe_logits(*quantized));
}

TEST_CASE("an adapter is merged into what codes stand for, as a plain base") {
  for (const bool nested : {false, true}) {
    const BitsAndBytesFiles files(tiny_opt_folder(), {.nested = nested});
    const TemporaryFolder folder;
    const auto plain = load_as(files.plain_path(), "none");
    const Adapter adapter = random_adapter(plain->shape(), lora_on({"q_proj", "fc2"}));
    constexpr std::uint64_t kOneFile = 1'000'000'000;
    write_merged(files.path(), adapter, folder / "a", DType::float32, kOneFile);
    write_merged(files.plain_path(), adapter, folder / "b", DType::float32, kOneFile);
    CHECK(read_file(folder / "a" / "model.safetensors") ==
          read_file(folder / "b" / "model.safetensors"));
    CHECK_FALSE(nlohmann::json::parse(read_file(folder / "a" / "config.json"))
                    .contains("quantization_config"));
    CHECK(probe_logits(*load_as(folder / "a", "none")) ==
          probe_logits(*load_as(folder / "b", "none")));
    CHECK_THROWS_WITH_AS(
        write_merged(files.path(), adapter, folder / "c", DType::float32, kOneFile, {}, "int8"),
        "model.quantization: \"int8\" does not fit the base: its files hold nf4, says "
        "quantization_config in its config.json; allowed: nf4",
        InputError);
  }
}

TEST_CASE("model.quantization must say what the files hold") {
  const BitsAndBytesFiles files(tiny_opt_folder(), {Quantization::int8});
  for (const std::string wrong : {"none", "nf4"}) {
    CHECK(load_refusal(files, wrong) ==
          "model.quantization: \"" + wrong +
              "\" does not fit the base: its files hold int8, says "
              "quantization_config in its config.json; allowed: int8");
  }
  CHECK(load_refusal(files, "int4")
            .starts_with("model.quantization: \"int4\" is not known; known: "));
}

TEST_CASE("formats that are not supported are refused by name") {
  const auto config_refusal = [](const nlohmann::json& config) {
    const BitsAndBytesFiles files(tiny_opt_folder(), {.config = config});
    const std::string what = load_refusal(files, "nf4");
    const std::string place = (files.path() / "config.json").string() + ": quantization_config.";
    REQUIRE(what.starts_with(place));
    return what.substr(place.size());
  };
  CHECK(config_refusal({{"quant_method", "gptq"}}) ==
        "quant_method: \"gptq\" is not supported; allowed: bitsandbytes");
  CHECK(config_refusal({{"bnb_4bit_quant_type", "fp4"}}) ==
        "bnb_4bit_quant_type: \"fp4\" is not supported; allowed: nf4");
  CHECK(config_refusal({{"bnb_4bit_quant_storage", "bfloat16"}}) ==
        "bnb_4bit_quant_storage: \"bfloat16\" is not supported; allowed: uint8");
  CHECK(config_refusal({{"load_in_8bit", true}}) ==
        "load_in_8bit: and load_in_4bit are both true; allowed: exactly one of them true");
  CHECK(config_refusal({{"load_in_4bit", false}}) ==
        "load_in_8bit: and load_in_4bit are both false; allowed: exactly one of them true");
  const std::string state = kFc1 + ".weight.quant_state.bitsandbytes__";
  CHECK(refusal({}, state + "nf4", [&](NamedTensor& tensor) { tensor.name = state + "fp4"; }) ==
        "tensor " + kFc1 +
            ".weight is in a format that is not supported (quant_state.bitsandbytes__fp4); "
            "allowed: quant_state.bitsandbytes__nf4");
}

TEST_CASE("damaged int8 files are refused with what is wrong") {
  const FilesOptions options = {Quantization::int8};
  const auto with = [&](const std::string& part, const std::function<void(NamedTensor&)>& change) {
    return refusal(options, kFc1 + part, change);
  };
  CHECK(with(".SCB", [](NamedTensor& tensor) { tensor.name.clear(); }) ==
        "tensor " + kFc1 + ".SCB is missing: " + kFc1 + ".weight is quantised by bitsandbytes");
  CHECK(with(".weight", [](NamedTensor& tensor) { std::swap(tensor.shape[0], tensor.shape[1]); }) ==
        "tensor " + kFc1 + ".weight must have the shape [256, 64] of its layer");
  CHECK(with(".SCB", [](NamedTensor& tensor) { tensor.dtype = DType::int32; }) ==
        "tensor " + kFc1 + ".SCB must be float32 with 256 entries");
  const std::vector<std::uint8_t> two = {2};
  CHECK(with(".weight_format",
             [&](NamedTensor& tensor) { tensor.bytes = std::as_bytes(std::span(two)); }) ==
        "tensor " + kFc1 +
            ".weight_format says that the weight lies in a GPU's own order; allowed: 0, row");
  std::vector<float> magnitudes(256, 0.5f);
  magnitudes[7] = -1.0f;
  CHECK(with(".SCB", becomes(magnitudes)) == "tensor " + kFc1 + ".SCB has magnitudes below 0");
  magnitudes[7] = std::nanf("");
  CHECK(with(".SCB", becomes(magnitudes)) ==
        "tensor " + kFc1 + ".SCB has entries that are not finite");
}

TEST_CASE("damaged NF4 files are refused with what is wrong") {
  const FilesOptions options = {.nested = true};
  const auto with = [&](const std::string& part, const std::function<void(NamedTensor&)>& change) {
    return refusal(options, kFc1 + ".weight" + part, change);
  };
  const std::string state = ".quant_state.bitsandbytes__nf4";
  const auto with_state = [&](const std::string& text) {
    return with(state, [&](NamedTensor& tensor) {
      tensor.bytes = std::as_bytes(std::span(text));
      tensor.shape = {std::ssize(text)};
    });
  };
  const std::string name = "tensor " + kFc1 + ".weight";
  CHECK(with(".quant_map", [](NamedTensor& tensor) { tensor.name.clear(); }) ==
        name + ".quant_map is missing: " + kFc1 + ".weight is quantised by bitsandbytes");
  const std::vector<float> other(16, 0.5f);
  CHECK(with(".quant_map", [&](NamedTensor& tensor) {
          tensor.bytes = std::as_bytes(std::span(other));
        }) == name + ".quant_map does not hold the values of NF4");
  CHECK(with("", [](NamedTensor& tensor) {
          tensor.shape = {8, 1};
          tensor.bytes = tensor.bytes.first(8);
        }) == name + " must be uint8 with 8192 entries");
  CHECK(with(".nested_absmax", [](NamedTensor& tensor) {
          tensor.name.clear();
        }).starts_with(name + ".nested_absmax is missing"));
  CHECK(with_state(R"({"blocksize": 64, "shape": [64, 256]})") ==
        name + state + " must have the shape [256, 64] of its layer");
  CHECK(with_state(R"({"blocksize": 48, "shape": [256, 64]})") ==
        name + state + " blocksize must be a power of two from 32 to 4096");
  CHECK(with_state(R"({"blocksize": 64, "shape": [256, 64], "nested_blocksize": 256})") ==
        name + state + " nested_offset must be a number in float32's range");
  CHECK(with_state(R"({"blocksize": 64, "shape": [256, 64], "nested_blocksize": 256,
                       "nested_offset": 1e300})") ==
        name + state + " nested_offset must be a number in float32's range");
  CHECK(with_state("[1, 2]") == name + state + " must hold an object");
  CHECK(with_state(R"({"blocksize": 64, "shape": [256, 64], "quant_type": "fp4"})") ==
        name + state + " quant_type must be \"nf4\"");
  CHECK(with_state(R"({"a":)").starts_with(name + state + ": not valid JSON: "));
  CHECK(with(state, [](NamedTensor& tensor) { tensor.name.clear(); }) ==
        name + state + " is missing: " + kFc1 + ".weight is quantised by bitsandbytes");
  std::vector<float> magnitudes(256, 0.5f);
  magnitudes[7] = -1.0f;
  CHECK(refusal({}, kFc1 + ".weight.absmax", becomes(magnitudes)) ==
        name + ".absmax has magnitudes below 0");
}

TEST_CASE("nested magnitudes may round to just below 0, and must be finite") {
  const std::vector<float> one = {1.0f};
  std::vector<float> map(256, -1.0f);
  const auto changes = [&](const std::string& text) {
    const std::string weight = kFc1 + ".weight";
    return std::map<std::string, std::function<void(NamedTensor&)>>{
        {weight + ".nested_absmax", becomes(one)},
        {weight + ".nested_quant_map", becomes(map)},
        {weight + ".quant_state.bitsandbytes__nf4", [text](NamedTensor& tensor) {
           static std::string kept;
           kept = text;
           tensor.bytes = std::as_bytes(std::span(kept));
           tensor.shape = {std::ssize(kept)};
         }}};
  };
  const auto state = [](const std::string& offset) {
    return R"({"blocksize": 64, "shape": [256, 64], "nested_blocksize": 256, "nested_offset": )" +
           offset + "}";
  };
  const FilesOptions options = {.nested = true};
  const std::string name = "tensor " + kFc1 + ".weight.absmax stands for magnitudes ";
  CHECK(refusal(options, changes(state("0.9"))) == name + "below 0");
  FilesOptions rounded = options;
  rounded.change = [&](std::vector<NamedTensor>& tensors) {
    const auto all = changes(state("0.98"));
    for (NamedTensor& tensor : tensors) {
      if (const auto found = all.find(tensor.name); found != all.end()) found->second(tensor);
    }
  };
  CHECK(load_refusal(BitsAndBytesFiles(tiny_opt_folder(), rounded), "nf4") == "");
  map.assign(256, 3e38f);
  CHECK(refusal(options, changes(state("3e38"))) == name + "that are not finite");
}

TEST_CASE("files that hold something else than config.json says are refused") {
  const std::string k_proj = "tensor model.decoder.layers.0.self_attn.k_proj.weight ";
  FilesOptions plain = {.skip = {"k_proj"}};
  plain.config = {{"llm_int8_skip_modules", {"lm_head"}}};
  CHECK(refusal(plain) == k_proj +
                              "is numbers, but quantization_config says nf4 and does not skip it "
                              "(llm_int8_skip_modules)");
  const std::string first = "tensor model.decoder.layers.0.fc1.weight ";
  const std::string held = "is quantised by bitsandbytes as ";
  for (const Quantization kind : {Quantization::int8, Quantization::nf4}) {
    const bool int8 = kind == Quantization::int8;
    const std::string other = int8 ? "nf4" : "int8";
    const BitsAndBytesFiles wrong(tiny_opt_folder(), {.kind = kind,
                                                      .config = {{"load_in_8bit", !int8},
                                                                 {"load_in_4bit", int8},
                                                                 {"bnb_4bit_quant_type", "nf4"}}});
    CHECK(tests::contains(without_file(wrong, load_refusal(wrong, other)),
                          held + name_of(kind) + ", but config.json says " + other));
    CHECK(without_file(wrong, merge_refusal(wrong)) ==
          first + held + name_of(kind) + ", but config.json says " + other);
    const BitsAndBytesFiles silent(tiny_opt_folder(), {.kind = kind});
    auto config = nlohmann::json::parse(read_file(silent.path() / "config.json"));
    config.erase("quantization_config");
    write_file(silent.path() / "config.json", config.dump());
    for (const std::string& wanted : {std::string("none"), name_of(kind)}) {
      CHECK(tests::contains(without_file(silent, load_refusal(silent, wanted)),
                            held + name_of(kind) + ", but config.json has no quantization_config"));
    }
    CHECK(without_file(silent, merge_refusal(silent)) ==
          first + held + name_of(kind) + ", but config.json has no quantization_config");
  }
  const auto bare = [](NamedTensor& tensor) { tensor.dtype = DType::int16; };
  CHECK(refusal({.skip = {"k_proj"}}, "model.decoder.layers.0.self_attn.k_proj.weight",
                [&](NamedTensor& tensor) {
                  bare(tensor);
                  tensor.shape = {tensor.shape[0], 2 * tensor.shape[1]};
                }) == k_proj + "is no numbers, and nothing says what it is quantised with");
}

TEST_CASE("modules are skipped by the names that transformers skips them by") {
  const HeldQuantization held = {Quantization::nf4,
                                 {"lm_head", "k_proj", "layers.3", "model.decoder.layers.1.self"}};
  const auto skips = [&](const std::string& module) {
    return held.of("model.decoder." + module, Quantization::nf4) == Quantization::none;
  };
  CHECK(skips("layers.0.self_attn.k_proj"));
  CHECK(skips("layers.3.fc1"));
  CHECK(skips("layers.1.self_attn.q_proj"));
  CHECK_FALSE(skips("layers.0.self_attn.q_proj"));
  CHECK_FALSE(skips("layers.33.fc1"));
}

TEST_CASE("parts without their weight, and layers that are missing, are refused") {
  const std::vector<float> one = {1.0f};
  for (const std::string part : {"SCB", "weight.absmax", "weight.quant_state.bitsandbytes__nf4"}) {
    const std::string stray = "model.decoder.layers.9.fc1." + part;
    FilesOptions options;
    options.change = [&](std::vector<NamedTensor>& tensors) {
      const bool bytes = part.ends_with("nf4");
      tensors.push_back({stray,
                         bytes ? DType::uint8 : DType::float32,
                         {bytes ? 4 : 1},
                         std::as_bytes(std::span(one))});
    };
    const BitsAndBytesFiles files(tiny_opt_folder(), options);
    CHECK(without_file(files, load_refusal(files, "nf4")) ==
          "1 tensor(s) have no place in the model that config.json describes: " + stray);
    CHECK(without_file(files, merge_refusal(files)) ==
          "tensor " + stray + " has no place in the model that config.json describes");
  }
  FilesOptions options;
  options.change = [&](std::vector<NamedTensor>& tensors) {
    std::erase_if(tensors,
                  [](const NamedTensor& own) { return own.name.starts_with(kFc1 + ".weight"); });
  };
  const BitsAndBytesFiles files(tiny_opt_folder(), options);
  CHECK(without_file(files, merge_refusal(files)) == "tensor " + kFc1 + ".weight is missing");
}

TEST_CASE("a quantised tensor that is no linear layer's is refused") {
  // An output layer of its own, in int8 as the rest.
  const std::vector<std::uint8_t> codes(std::size_t{512} * 64, 1);
  FilesOptions options = {Quantization::int8};
  options.change = [&](std::vector<NamedTensor>& tensors) {
    for (NamedTensor& tensor : tensors) {
      if (!tensor.name.ends_with("embed_tokens.weight")) continue;
      tensor.dtype = DType::int8;
      tensor.bytes = std::as_bytes(std::span(codes));
    }
  };
  const BitsAndBytesFiles files(tiny_opt_folder(), options);
  CHECK(load_refusal(files, "int8") == files.file() +
                                           ": tensor model.decoder.embed_tokens.weight must be "
                                           "float32, float16 or bfloat16");
  CHECK(without_file(files, merge_refusal(files)) ==
        "tensor model.decoder.embed_tokens.weight is quantised and no linear layer's weight");
}
