#include "model/adapter/peft_config.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/model/read_peft.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using model::PeftConfig;
using nlohmann::json;

namespace {

using Lines = std::vector<std::string>;

const Lines kModules = {"model.decoder.layers.0.self_attn.q_proj", "model.decoder.layers.0.fc1",
                        "model.decoder.layers.1.self_attn.q_proj", "model.decoder.layers.1.fc1"};

/// A configuration in a file of its own: the smallest one, with `changes`.
class ConfigFile {
 public:
  explicit ConfigFile(const json& changes = json::object()) {
    json config = {
        {"peft_type", "LORA"}, {"r", 4}, {"lora_alpha", 8}, {"target_modules", {"q_proj", "fc1"}}};
    config.update(changes);
    write_file(path(), config.dump());
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "adapter_config.json"; }
  [[nodiscard]] PeftConfig read() const { return PeftConfig(path()); }

  /// Without the file's name.
  [[nodiscard]] Lines warnings(const Lines& modules = kModules) const {
    Lines lines;
    for (const std::string& line : read().warnings(modules)) {
      REQUIRE(line.starts_with(path().string() + ": "));
      lines.push_back(line.substr(path().string().size() + 2));
    }
    return lines;
  }
  [[nodiscard]] std::string refusal() const {
    try {
      (void)read();
    } catch (const InputError& error) {
      const std::string text = error.what();
      REQUIRE(text.starts_with(path().string() + ": "));
      return text.substr(path().string().size() + 2);
    }
    return "";
  }

 private:
  tests::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("the configuration that PEFT 0.20 writes by default passes without a warning") {
  const json defaults = {{"alora_invocation_tokens", nullptr},
                         {"alpha_pattern", json::object()},
                         {"arrow_config", nullptr},
                         {"auto_mapping", nullptr},
                         {"base_model_name_or_path", "facebook/opt-125m"},
                         {"bias", "none"},
                         {"corda_config", nullptr},
                         {"ensure_weight_tying", false},
                         {"eva_config", nullptr},
                         {"exclude_modules", nullptr},
                         {"fan_in_fan_out", false},
                         {"inference_mode", true},
                         {"init_lora_weights", true},
                         {"layer_replication", nullptr},
                         {"layers_pattern", nullptr},
                         {"layers_to_transform", nullptr},
                         {"loftq_config", json::object()},
                         {"lora_bias", false},
                         {"lora_dropout", 0.05},
                         {"lora_ga_config", nullptr},
                         {"megatron_config", nullptr},
                         {"megatron_core", "megatron.core"},
                         {"modules_to_save", nullptr},
                         {"monteclora_config", nullptr},
                         {"peft_version", "0.20.0"},
                         {"qalora_group_size", 16},
                         {"rank_pattern", json::object()},
                         {"revision", nullptr},
                         {"target_parameters", nullptr},
                         {"task_type", "CAUSAL_LM"},
                         {"trainable_token_indices", nullptr},
                         {"use_bdlora", nullptr},
                         {"use_dora", false},
                         {"use_qalora", false},
                         {"use_rslora", false},
                         {"velora_config", nullptr}};
  const ConfigFile file(defaults);
  CHECK(file.refusal().empty());
  CHECK(file.warnings().empty());
}

TEST_CASE("a setting that gives the factors another meaning is refused by name, with the reason") {
  const std::vector<std::pair<std::string, json>> harmful = {
      {"alora_invocation_tokens", {1, 2}},
      {"arrow_config", {{"top_k", 3}}},
      {"enable_lora", {true, false, true}},
      {"kasa_config", {{"beta", 0.1}}},
      {"layer_replication", {{0, 4}, {2, 5}}},
      {"lora_bias", true},
      {"megatron_config", {{"num_layers", 2}}},
      {"modules_to_save", {"lm_head"}},
      {"monteclora_config", {{"num_samples", 4}}},
      {"target_parameters", {"experts.gate_up_proj"}},
      {"trainable_token_indices", {7}},
      {"use_bdlora", {{"nblocks", 2}}},
      {"use_dora", true},
      {"use_qalora", true}};
  for (const auto& [key, value] : harmful) {
    CAPTURE(key);
    const std::string refusal = ConfigFile(json{{key, value}}).refusal();
    CHECK(refusal.starts_with(key + ": " + value.dump() + " is not supported: "));
    CHECK(refusal.ends_with("; allowed: off (null or false)"));
    for (const json& off : {json(), json(false), json(""), json::array(), json::object()})
      CHECK(ConfigFile(json{{key, off}}).refusal().empty());
  }
  CHECK(ConfigFile(json{{"use_dora", true}}).refusal() ==
        "use_dora: true is not supported: the factors give a direction, a trained magnitude its "
        "length (DoRA); allowed: off (null or false)");
  CHECK_FALSE(ConfigFile(json{{"use_dora", "false"}}).refusal().empty());
}

TEST_CASE("what only says how an adapter was made passes, whatever its value") {
  const ConfigFile file(json{{"init_lora_weights", "eva"},
                             {"eva_config", {{"rho", 2.0}}},
                             {"corda_config", {{"cache_file", "x"}}},
                             {"lora_ga_config", {{"scale", "stable"}}},
                             {"velora_config", {{"num_groups", 32}}},
                             {"loftq_config", {{"loftq_bits", 4}}},
                             {"runtime_config", {{"ephemeral_gpu_offload", true}}},
                             {"ensure_weight_tying", true},
                             {"task_type", "FEATURE_EXTRACTION"},
                             {"merge_weights", true}});
  CHECK(file.refusal().empty());
  CHECK(file.warnings().empty());
  CHECK(ConfigFile(json{{"init_lora_weights", "mica"}}).refusal().empty());
}

TEST_CASE("initialisations that also change the base are refused") {
  for (const char* init : {"pissa", "pissa_niter_16", "olora", "corda", "loftq", "lora_ga"}) {
    CHECK(ConfigFile(json{{"init_lora_weights", init}}).refusal() ==
          "init_lora_weights: \"" + std::string(init) +
              "\" is not supported: it may change the base; allowed: true, false, gaussian, eva, "
              "orthogonal, mica");
  }
}

TEST_CASE("a key of a later PEFT passes with a warning where it is off, and is refused elsewhere") {
  for (const json& off : {json(), json(false), json(""), json::array(), json::object()}) {
    const ConfigFile file(json{{"use_newlora", off}});
    CHECK(file.refusal().empty());
    CHECK(file.warnings() ==
          Lines{"unknown key \"use_newlora\" (" + off.dump() + ") is passed over"});
  }
  for (const json& on :
       {json(true), json(0), json(2.5), json("new"), json({1}), json({{"blocks", 2}})}) {
    CHECK(ConfigFile(json{{"zz_later", on}}).refusal() ==
          "unknown key \"zz_later\": " + on.dump() +
              " may change what the factors mean; known are the keys of PEFT up to 0.20; if it "
              "changes nothing, set it to null");
  }
  CHECK(ConfigFile(json{{"Lora_Alpha", 16}}).refusal().find("did you mean \"lora_alpha\"?") !=
        std::string::npos);
  CHECK(ConfigFile(json{{"peft_type", "lora"}}).refusal() ==
        "peft_type: \"lora\" is not supported; allowed: \"LORA\"");
}

TEST_CASE("entries of the patterns that give no module a value are named") {
  const ConfigFile file(
      {{"rank_pattern", {{"k_proj", 4}}}, {"alpha_pattern", {{".*fc1", 5}, {"layers.9.fc1", 6}}}});
  CHECK(file.warnings() ==
        Lines{"rank_pattern: \"k_proj\" matches none of the 4 adapted modules, such as "
              "model.decoder.layers.0.self_attn.q_proj",
              "alpha_pattern: \"layers.9.fc1\" matches none of the 4 adapted modules, such as "
              "model.decoder.layers.0.self_attn.q_proj"});
  const ConfigFile hidden(json{{"alpha_pattern", {{"fc1", 5}, {"layers.1.fc1", 6}}}});
  CHECK(hidden.warnings() == Lines{"alpha_pattern: \"layers.1.fc1\" is never used: entries before "
                                   "it match all of its modules"});
}

TEST_CASE("factors of modules that the configuration does not target are named") {
  const auto strange = [](const json& changes) {
    const Lines lines = ConfigFile(changes).warnings();
    if (lines.empty()) return std::string();
    REQUIRE(lines.size() == 1);
    return lines[0];
  };
  CHECK(strange({{"target_modules", {"q_proj"}}}) ==
        "does not name 2 of the 4 modules that have factors as targets, such as "
        "model.decoder.layers.0.fc1; they are used here, PEFT leaves them out");
  // All of these name what has factors.
  for (const json& same :
       std::vector<json>{{{"target_modules", "all-linear"}},
                         {{"target_modules", nullptr}},
                         {{"target_modules", ".*\\.(q_proj|fc1)"}},
                         {{"target_modules", {"self_attn.q_proj", "fc1", "fc1"}}},
                         {{"layers_to_transform", {0, 1}}},
                         {{"layers_to_transform", {0, 1}}, {"layers_pattern", "layers"}},
                         {{"exclude_modules", {"k_proj"}}},
                         {{"exclude_modules", "q_proj"}}}) {
    CAPTURE(same.dump());
    CHECK(strange(same).empty());
  }
  // And these do not: a regular expression has to match the whole name, and case counts.
  for (const json& other :
       std::vector<json>{{{"target_modules", "q_proj|fc1"}},
                         {{"target_modules", {"Q_proj", "FC1"}}},
                         {{"target_modules", json::array()}},
                         {{"layers_to_transform", 3}},
                         {{"layers_to_transform", {0, 1}}, {"layers_pattern", {"blocks"}}},
                         {{"exclude_modules", {"q_proj", "fc1"}}},
                         {{"exclude_modules", "model.*"}}}) {
    CAPTURE(other.dump());
    CHECK(strange(other).starts_with("does not name 4 of the 4 modules"));
  }
  CHECK(strange({{"layers_to_transform", {1}}}).starts_with("does not name 2 of the 4 modules"));
}

TEST_CASE("broken targets are refused with file and key") {
  CHECK(ConfigFile(json{{"target_modules", 7}}).refusal() ==
        "target_modules: allowed: null, a text, or a list of texts");
  CHECK(ConfigFile(json{{"target_modules", {1}}}).refusal() ==
        "target_modules: allowed: null, a text, or a list of texts");
  CHECK(ConfigFile(json{{"layers_to_transform", {"0"}}}).refusal() ==
        "layers_to_transform: allowed: null, a whole number, or a list of them");
  CHECK(ConfigFile(json{{"layers_pattern", 1}}).refusal() ==
        "layers_pattern: allowed: null, a text, or a list of texts");
}

TEST_CASE("whoever loads an adapter hears the warnings, and the factors count") {
  const tests::TemporaryFolder folder;
  const auto golden = tests::golden_folder() / "opt" / "opt_prenorm" / "adapter_after5";
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
    write_file(folder / name, read_file(golden / name));
  json config = json::parse(read_file(folder / "adapter_config.json"));
  config["rank_pattern"] = {{"k_proj", 2}};
  write_file(folder / "adapter_config.json", config.dump());
  Lines heard;
  const auto adapter =
      tests::read_peft(folder.path(), [&](const std::string& line) { heard.push_back(line); });
  REQUIRE(heard.size() == 1);
  CHECK(heard[0] == (folder / "adapter_config.json").string() +
                        ": rank_pattern: \"k_proj\" matches none of the 4 adapted modules, such as "
                        "model.decoder.layers.0.self_attn.q_proj");
  CHECK(adapter.values == tests::read_peft(golden).values);
}
