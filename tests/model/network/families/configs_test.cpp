#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/network/config_reader.hpp"
#include "model/network/family.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using nlohmann::json;

namespace {

/// The keys without which no base has a size.
json sizes(const std::string& family) {
  if (family == "gpt2") {
    return {{"model_type", "gpt2"}, {"vocab_size", 100}, {"n_embd", 64},
            {"n_layer", 3},         {"n_head", 32},      {"eos_token_id", 7}};
  }
  return {{"model_type", family},   {"vocab_size", 100},         {"hidden_size", 64},
          {"num_hidden_layers", 3}, {"num_attention_heads", 32}, {"intermediate_size", 96},
          {"eos_token_id", 7}};
}

BaseDescription read_config(const json& config) {
  return read_description(ConfigReader(config.dump(), "config.json"));
}

BaseDescription with(const std::string& family, const json& changes) {
  json config = sizes(family);
  if (changes.is_object()) config.update(changes);
  return read_config(config);
}

std::string config_refusal(const std::string& family, const json& changes) {
  try {
    with(family, changes);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::int64_t> windows(const BaseDescription& base) {
  std::vector<std::int64_t> all;
  for (const AttentionShape& layer : base.parts.attention)
    all.push_back(layer.window);
  return all;
}

bool has_bias(const BaseDescription& base, LinearRole role) {
  for (const LinearShape& linear : base.shape.layer_linears) {
    if (linear.role == role) return linear.bias;
  }
  return false;
}

using Windows = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("absent keys have the defaults of transformers' classes") {
  CHECK(with("llama", {}).shape.kv_heads == 32);
  CHECK(with("mistral", {}).shape.kv_heads == 8);
  CHECK(with("qwen2", {}).shape.kv_heads == 32);
  CHECK(with("qwen3", {}).shape.kv_heads == 32);
  CHECK(with("gemma3_text", {}).shape.kv_heads == 4);
  CHECK(with("mistral", {{"num_key_value_heads", nullptr}}).shape.kv_heads == 32);
  CHECK(with("llama", {}).shape.head_dim == 2);
  CHECK(with("qwen3", {}).shape.head_dim == 128);
  CHECK(with("gemma3_text", {}).shape.head_dim == 256);
  CHECK(with("llama", {}).shape.positions == 2048);
  CHECK(with("gemma3_text", {}).shape.positions == 131072);
  CHECK(with("gpt2", {}).shape.positions == 1024);
  CHECK_FALSE(with("gpt_neox", {{"num_attention_heads", 4}}).parts.tied);
  for (const char* untied : {"llama", "mistral", "qwen2", "qwen3"})
    CHECK_FALSE(with(untied, {}).parts.tied);
  CHECK(with("gemma3_text", {}).parts.tied);
  CHECK(with("gpt2", {}).parts.tied);
  CHECK(with("llama", {}).parts.norm.epsilon == 1e-6);
  CHECK(with("gpt_neox", {{"num_attention_heads", 4}}).parts.parallel);
  CHECK(with("gpt2", {}).parts.dropout.embedding == 0.1);
  const BaseDescription roberta = with("roberta", {{"max_position_embeddings", 34}});
  CHECK(roberta.shape.classifier->labels == 2);
  CHECK(roberta.shape.positions == 32);
  CHECK(roberta.parts.position_offset == 2);
  CHECK(roberta.parts.token_type_count == 2);
  CHECK(roberta.parts.norm.epsilon == 1e-12);
  CHECK(roberta.parts.dropout.classifier == 0.1);
}

TEST_CASE("a classifier's labels, dropout and positions are those of its configuration") {
  const BaseDescription named = with("roberta", {{"id2label", {{"0", "a"}, {"1", "b"}, {"2", "c"}}},
                                                 {"hidden_dropout_prob", 0.3},
                                                 {"pad_token_id", 4},
                                                 {"max_position_embeddings", 40}});
  CHECK(named.shape.classifier->labels == 3);
  CHECK(named.shape.classifier->names == std::vector<std::string>{"a", "b", "c"});
  CHECK(named.parts.dropout.classifier == 0.3);
  CHECK(named.shape.positions == 35);
  CHECK(with("roberta", {{"num_labels", 5}}).shape.classifier->labels == 5);
  CHECK(with("roberta", {{"classifier_dropout", 0.2}}).parts.dropout.classifier == 0.2);
  CHECK(config_refusal("roberta", {{"num_labels", 1}}) ==
        "config.json: num_labels: 1 labels: a classifier has from 2 to 4096; one would be a "
        "regression");
  const json two = {{"0", "no"}, {"1", "yes"}};
  CHECK(with("roberta", {{"id2label", two}, {"num_labels", 2}}).shape.classifier->labels == 2);
  CHECK(config_refusal("roberta", {{"id2label", two}, {"num_labels", 3}}) ==
        "config.json: num_labels: 3 contradicts id2label, which names 2 labels; leave one of the "
        "two out");
  CHECK(config_refusal("roberta", {{"id2label", {{"0", "no"}, {"2", "yes"}}}}) ==
        "config.json: id2label: must have the keys \"0\" to \"1\"; \"1\" is missing");
  CHECK(config_refusal("roberta", {{"id2label", {{"0", "no"}, {"1", nullptr}}}}) ==
        "config.json: id2label.1: must be a string, not null");
  CHECK(config_refusal("roberta", {{"id2label", {{"0", "only"}}}}) ==
        "config.json: id2label: 1 labels: a classifier has from 2 to 4096; one would be a "
        "regression");
  CHECK(config_refusal("roberta", {{"problem_type", "regression"}}) ==
        "config.json: problem_type: \"regression\" is not supported; allowed: "
        "single_label_classification");
  CHECK(config_refusal("roberta", {{"is_decoder", true}}) ==
        "config.json: is_decoder: RoBERTa as a decoder is not supported");
  CHECK(config_refusal("roberta", {{"position_embedding_type", "relative_key"}}) ==
        "config.json: position_embedding_type: \"relative_key\" is not supported; allowed: "
        "absolute");
  CHECK(config_refusal("roberta", {{"max_position_embeddings", 2}})
            .starts_with("config.json: max_position_embeddings: 2 leaves no position"));
}

TEST_CASE("windows are those of the layers that slide") {
  CHECK(windows(with("mistral", {})) == Windows{4096, 4096, 4096});
  CHECK(windows(with("mistral", {{"sliding_window", nullptr}})) == Windows{0, 0, 0});
  CHECK(windows(with("mistral", {{"sliding_window", 9}})) == Windows{9, 9, 9});
  const json sliding = {
      {"use_sliding_window", true}, {"sliding_window", 9}, {"max_window_layers", 2}};
  CHECK(windows(with("qwen2", sliding)) == Windows{0, 0, 9});
  CHECK(windows(with("qwen3", sliding)) == Windows{0, 0, 9});
  CHECK(windows(with("qwen2", {{"sliding_window", 9}})) == Windows{0, 0, 0});
  CHECK(windows(with("qwen2", {{"use_sliding_window", true},
                               {"sliding_window", nullptr},
                               {"max_window_layers", 0}})) == Windows{0, 0, 0});
  CHECK(config_refusal("gemma3_text", {{"sliding_window", nullptr}}) ==
        "config.json: sliding_window: is missing, and some layers slide");
  CHECK(windows(with("gemma3_text", {{"sliding_window", 9}, {"sliding_window_pattern", 2}})) ==
        Windows{9, 0, 9});
  CHECK(
      windows(with("gemma3_text",
                   {{"sliding_window", 9},
                    {"layer_types", {"full_attention", "sliding_attention", "full_attention"}}})) ==
      Windows{0, 9, 0});
  // transformers' AutoModel makes a Ministral of a Mistral that has layer_types.
  CHECK(windows(with("mistral", {{"sliding_window", 9},
                                 {"layer_types",
                                  {"full_attention", "sliding_attention", "full_attention"}}})) ==
        Windows{0, 9, 0});
  CHECK(windows(with("mistral", {{"sliding_window", 9}, {"layer_types", nullptr}})) ==
        Windows{9, 9, 9});
  CHECK(config_refusal("gemma3_text", {{"layer_types", {"full_attention"}}}) ==
        "config.json: layer_types: has 1 entries for 3 layers");
  CHECK(config_refusal("gemma3_text", {{"layer_types", {"chunked_attention"}}}) ==
        "config.json: layer_types: \"chunked_attention\" is not supported; allowed: "
        "full_attention, sliding_attention");
}

TEST_CASE("biases stand where each family has them") {
  const BaseDescription llama = with("llama", {{"attention_bias", true}});
  CHECK(has_bias(llama, LinearRole::query));
  CHECK(has_bias(llama, LinearRole::attention_output));
  CHECK_FALSE(has_bias(llama, LinearRole::gate));
  CHECK(has_bias(with("llama", {{"mlp_bias", true}}), LinearRole::down));
  const BaseDescription qwen2 = with("qwen2", {{"attention_bias", false}});
  CHECK(has_bias(qwen2, LinearRole::value));
  CHECK_FALSE(has_bias(qwen2, LinearRole::attention_output));
  CHECK_FALSE(has_bias(with("qwen3", {}), LinearRole::key));
  CHECK_FALSE(has_bias(with("gpt_neox", {{"num_attention_heads", 4}, {"attention_bias", false}}),
                       LinearRole::query_key_value));
}

TEST_CASE("what a configuration names and nobody computes is refused by name") {
  CHECK(config_refusal("llama", {{"rope_scaling", {{"type", "dynamic"}, {"factor", 2.0}}}}) ==
        "config.json: rope_scaling.type: \"dynamic\" is not supported; allowed: default, linear, "
        "llama3");
  CHECK(config_refusal("qwen2", {{"rope_scaling", {{"rope_type", "yarn"}, {"factor", 2.0}}}}) ==
        "config.json: rope_scaling.rope_type: \"yarn\" is not supported; allowed: default, linear, "
        "llama3");
  CHECK(config_refusal("llama", {{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 8.0}}}}) ==
        "config.json: rope_scaling.low_freq_factor: is missing; a number above 0 is needed");
  CHECK(config_refusal("gemma3_text", {{"attn_logit_softcapping", 50.0}}) ==
        "config.json: attn_logit_softcapping: soft-capping is not supported");
  CHECK(config_refusal("gemma3_text", {{"use_bidirectional_attention", true}}) ==
        "config.json: use_bidirectional_attention: only causal attention is supported");
  CHECK(config_refusal("llama", {{"partial_rotary_factor", 0.5}}) ==
        "config.json: partial_rotary_factor: all of a head turns in this family; allowed: 1");
  CHECK(config_refusal("gpt2", {{"add_cross_attention", true}}) ==
        "config.json: add_cross_attention: cross-attention is not supported");
  CHECK(config_refusal("llama", {{"quantization_config", {{"load_in_4bit", true}}}}) ==
        "config.json: quantization_config.bnb_4bit_quant_type: \"fp4\" is not supported; allowed: "
        "nf4");
  CHECK(config_refusal("mixtral", {})
            .starts_with("config.json: model_type: \"mixtral\" is not supported; allowed: opt, "
                         "llama, mistral"));
  CHECK(config_refusal("llama", {{"num_key_value_heads", 5}}) ==
        "config.json: num_key_value_heads: 5 does not divide num_attention_heads = 32");
  CHECK(
      config_refusal("llama", {{"head_dim", 3}})
          .starts_with(
              "config.json: head_dim: rotary positions need an even number of dimensions, not 3"));
  CHECK(config_refusal("llama", {{"rope_theta", -1.0}}) ==
        "config.json: rope_theta: must be a number above 0, not -1.0");
  CHECK(config_refusal("gpt_neox", {{"num_attention_heads", 4}, {"rotary_pct", 0.05}})
            .starts_with("config.json: rotary_pct: must leave an even number of the head's 16 "
                         "dimensions to turn"));
  CHECK(config_refusal("gpt2", {{"n_head", 5}}) ==
        "config.json: n_head: 5 does not divide n_embd = 64");
  CHECK(config_refusal("qwen2", {{"eos_token_id", {7, "x"}}}) ==
        "config.json: eos_token_id: must be an integer from 0 to 2147483647, not \"x\"");
}

TEST_CASE(
    "the tokens that end a text are those of generation_config.json, config.json's own first") {
  const tests::TemporaryFolder folder;
  json config = sizes("qwen2");
  write_file(folder / "config.json", config.dump());
  const auto ends = [&] { return read_shape(folder / "config.json").ends; };
  CHECK(ends() == std::vector<std::int32_t>{7});
  write_file(folder / "generation_config.json", R"({"eos_token_id": [9, 7, 11]})");
  CHECK(ends() == std::vector<std::int32_t>{7, 9, 11});
  write_file(folder / "generation_config.json", R"({"eos_token_id": 12})");
  CHECK(ends() == std::vector<std::int32_t>{12});
  config["eos_token_id"] = {5, 6};
  write_file(folder / "config.json", config.dump());
  write_file(folder / "generation_config.json", R"({"eos_token_id": [1, 6, 5]})");
  CHECK(ends() == std::vector<std::int32_t>{6, 5, 1});
  write_file(folder / "generation_config.json", R"({"temperature": 0.6})");
  CHECK(ends() == std::vector<std::int32_t>{5, 6});
  config.erase("eos_token_id");
  write_file(folder / "config.json", config.dump());
  CHECK_THROWS_WITH_AS(ends(),
                       doctest::Contains("config.json: eos_token_id: is missing, here and in "
                                         "generation_config.json"),
                       InputError);
  write_file(folder / "generation_config.json", R"({"eos_token_id": 100})");
  CHECK_THROWS_WITH_AS(
      ends(),
      doctest::Contains("generation_config.json: eos_token_id: 100 is not below vocab_size"),
      InputError);
}
