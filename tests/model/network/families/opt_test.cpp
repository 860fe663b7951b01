#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "model/network/family.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using nlohmann::json;

namespace {

json shipped() {
  return json::parse(
      read_file(tests::source_folder() / "scenarios" / "base" / "opt-mini" / "config.json"));
}

model::BaseDescription read_opt(const std::string& text) {
  const tests::TemporaryFolder folder;
  write_file(folder / "config.json", text);
  return model::read_description(folder / "config.json");
}

const model::LinearShape& linear(const model::BaseDescription& base, model::LinearRole role) {
  const auto& linears = base.shape.layer_linears;
  return *std::find_if(linears.begin(), linears.end(),
                       [&](const model::LinearShape& own) { return own.role == role; });
}

std::string opt_refusal(const std::string& key, const json& value) {
  json config = shipped();
  config[key] = value;
  try {
    read_opt(config.dump());
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the shipped base's configuration is read as it is written") {
  const auto config = read_opt(shipped().dump());
  CHECK(config.shape.vocabulary == 4096);
  CHECK(config.shape.width == 256);
  CHECK(config.shape.layers == 6);
  CHECK(config.shape.heads == 8);
  CHECK(config.shape.head_dim == 32);
  CHECK(linear(config, model::LinearRole::up).out == 1024);
  CHECK(config.shape.positions == 512);
  CHECK(config.shape.embedding == 256);
  CHECK_FALSE(config.parts.norms_last);
  CHECK(config.parts.final_norm == "model.decoder.final_layer_norm");
  CHECK(config.parts.tied);
  CHECK(config.parts.activation == model::Activation::relu);
  CHECK(config.shape.ends == std::vector<std::int32_t>{2});
  CHECK(config.shape.padding == 1);
}

TEST_CASE("every optional key is read") {
  json config = shipped();
  config.update({{"do_layer_norm_before", false},
                 {"_remove_final_layer_norm", true},
                 {"enable_bias", false},
                 {"layer_norm_elementwise_affine", false},
                 {"tie_word_embeddings", false},
                 {"activation_function", "gelu_new"},
                 {"dropout", 0.25},
                 {"attention_dropout", 0.5},
                 {"word_embed_proj_dim", 128},
                 {"bos_token_id", 5},
                 {"eos_token_id", 6},
                 {"pad_token_id", 7}});
  const auto read_back = read_opt(config.dump());
  CHECK(read_back.parts.norms_last);
  CHECK(read_back.parts.final_norm.empty());
  CHECK_FALSE(linear(read_back, model::LinearRole::down).bias);
  CHECK_FALSE(read_back.parts.norm.affine);
  CHECK_FALSE(read_back.parts.tied);
  CHECK(read_back.parts.activation == model::Activation::tanh_gelu);
  CHECK(read_back.parts.dropout.hidden == 0.25);
  CHECK(read_back.parts.dropout.attention == 0.5);
  CHECK(read_back.shape.embedding == 128);
  CHECK(read_back.shape.ends == std::vector<std::int32_t>{6});
  CHECK(read_back.shape.padding == 7);
}

TEST_CASE("absent and null keys take OPT's defaults, unknown ones are ignored") {
  const auto config = read_opt(R"({"model_type": "opt", "vocab_size": 100, "hidden_size": 24,
    "num_hidden_layers": 1, "num_attention_heads": 3, "ffn_dim": 48, "max_position_embeddings": 16,
    "word_embed_proj_dim": null, "some_future_key": [1, 2]})");
  CHECK(config.shape.embedding == 24);
  CHECK_FALSE(config.parts.norms_last);
  CHECK(linear(config, model::LinearRole::down).bias);
  CHECK(config.parts.tied);
  CHECK(config.parts.activation == model::Activation::relu);
  CHECK(config.parts.dropout.hidden == 0.1);  // OPTConfig's default
  CHECK(config.parts.dropout.attention == 0.0);
  CHECK(config.parts.dropout.layer == 0.0);
}

TEST_CASE("what is wrong is named with file, key and what is allowed") {
  CHECK(
      tests::contains(opt_refusal("model_type", "bloom"),
                      "config.json: model_type: \"bloom\" is not supported; allowed: opt, llama"));
  CHECK(tests::contains(opt_refusal("model_type", nullptr), "model_type: is missing"));
  CHECK(tests::contains(opt_refusal("hidden_size", nullptr), "hidden_size: is missing"));
  CHECK(tests::contains(opt_refusal("hidden_size", 0), "hidden_size: must be an integer from 1"));
  CHECK(
      tests::contains(opt_refusal("hidden_size", -256), "hidden_size: must be an integer from 1"));
  CHECK(tests::contains(opt_refusal("hidden_size", 256.5),
                        "must be an integer from 1 to 16777216, not 256.5"));
  CHECK(tests::contains(opt_refusal("ffn_dim", "1024"), "ffn_dim: must be an integer"));
  CHECK(tests::contains(opt_refusal("vocab_size", 1e300), "vocab_size: must be an integer"));
  CHECK(tests::contains(opt_refusal("vocab_size", 18446744073709551615u),
                        "vocab_size: must be an integer"));
  CHECK(tests::contains(opt_refusal("hidden_size", 9223372036854775808u),
                        "hidden_size: must be an integer"));
  CHECK(tests::contains(opt_refusal("pad_token_id", 18446744073709551615u),
                        "pad_token_id: must be an integer"));
  CHECK(tests::contains(opt_refusal("num_attention_heads", 7),
                        "num_attention_heads: 7 does not divide hidden_size = 256"));
  CHECK(tests::contains(opt_refusal("activation_function", "elu"),
                        "\"elu\" is not supported; allowed: relu, relu2, relu6, gelu, gelu_new"));
  CHECK(tests::contains(opt_refusal("layerdrop", 1.0),
                        "layerdrop: must be a number from 0 to below 1"));
  CHECK(tests::contains(opt_refusal("do_layer_norm_before", 1),
                        "do_layer_norm_before: must be true or false"));
  CHECK(
      tests::contains(opt_refusal("dropout", 1.0), "dropout: must be a number from 0 to below 1"));
  CHECK(tests::contains(opt_refusal("eos_token_id", 4096),
                        "eos_token_id: 4096 is not below vocab_size"));
  CHECK_THROWS_WITH_AS(read_opt("{"), doctest::Contains("config.json: not valid JSON"), InputError);
  CHECK_THROWS_WITH_AS(read_opt("[]"), doctest::Contains("an object was expected, not an array"),
                       InputError);
}

TEST_CASE("sizes that no model has are refused with the range") {
  CHECK(tests::contains(
      opt_refusal("num_hidden_layers", 1025),
      "config.json: num_hidden_layers: must be an integer from 1 to 1024, not 1025"));
  CHECK(opt_refusal("num_hidden_layers", 1024).empty());
  for (const char* key : {"vocab_size", "hidden_size", "num_attention_heads", "ffn_dim",
                          "max_position_embeddings", "word_embed_proj_dim"}) {
    CHECK(tests::contains(
        opt_refusal(key, 16777217),
        std::string(key) + ": must be an integer from 1 to 16777216, not 16777217"));
  }
  CHECK(opt_refusal("vocab_size", 16777216).empty());
  CHECK(opt_refusal("hidden_size", 16777216).empty());
}
