#include "model/adapter/lora_layout.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/adapter/peft_config.hpp"
#include "model/network/base_model.hpp"
#include "partition/support/error.hpp"
#include "tests/model/opt_shape.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

ModelShape tiny() {
  return tests::opt_shape(8, 32, 2);
}

LoraConfig on(std::vector<std::string> modules, std::int64_t r = 2) {
  LoraConfig lora;
  lora.r = r;
  lora.target_modules = std::move(modules);
  return lora;
}

}  // namespace

TEST_CASE("modules come layer by layer, in the order of the decoder layer") {
  const LayoutPtr layout = make_layout(tiny(), on({"fc2", "out_proj", "q_proj"}));
  std::vector<std::string> names;
  for (const auto& module : layout->modules()) {
    names.push_back(module.name);
  }
  CHECK(names == std::vector<std::string>{
                     "model.decoder.layers.0.self_attn.q_proj",
                     "model.decoder.layers.0.self_attn.out_proj", "model.decoder.layers.0.fc2",
                     "model.decoder.layers.1.self_attn.q_proj",
                     "model.decoder.layers.1.self_attn.out_proj", "model.decoder.layers.1.fc2"});
  CHECK(layout->modules()[2].in == 32);
  CHECK(layout->modules()[2].out == 8);
}

TEST_CASE("a target may be any end of a module's whole name, and then names one layer's") {
  const LayoutPtr layout = make_layout(tiny(), on({"1.self_attn.q_proj", "0.fc1"}));
  REQUIRE(layout->modules().size() == 2);
  CHECK(layout->modules()[0].name == "model.decoder.layers.0.fc1");
  CHECK(layout->modules()[1].name == "model.decoder.layers.1.self_attn.q_proj");
  const std::string config = peft_config_text(*layout, on({"q_proj"}), "base", tiny());
  CHECK(config.find("\"target_modules\": [\n    \"model.decoder.layers.0.fc1\",\n    "
                    "\"model.decoder.layers.1.self_attn.q_proj\"\n  ]") != std::string::npos);
  CHECK_THROWS_AS(make_layout(tiny(), on({"2.self_attn.q_proj"})), InputError);
}

TEST_CASE("each module of a layout finds its layer again") {
  const LayoutPtr layout =
      make_layout(tiny(), on({"q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"}));
  REQUIRE(layout->modules().size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(find_module(tiny(), layout->modules()[i]) == i);
  }
}

TEST_CASE("wrong LoRA settings are refused, and the message says what is allowed") {
  CHECK_THROWS_WITH_AS(
      make_layout(tiny(), on({"q_prj"})),
      "lora.target_modules: unknown module \"q_prj\" (did you mean \"q_proj\"?); "
      "this base (opt) has q_proj, k_proj, v_proj, out_proj, fc1, fc2; or \"all-linear\"",
      InputError);
  CHECK_THROWS_AS(make_layout(tiny(), on({})), InputError);
  CHECK_THROWS_WITH_AS(make_layout(tiny(), on({"q_proj"}, 9)),
                       "lora.r: must be from 1 to 8 (the smaller side of q_proj), not 9",
                       InputError);
  CHECK_THROWS_AS(make_layout(tiny(), on({"q_proj"}, 0)), InputError);
  CHECK_NOTHROW(make_layout(tiny(), on({"fc1"}, 8)));
}

TEST_CASE("patterns give modules other ranks and alphas, and the first match counts") {
  LoraConfig lora = on({"q_proj", "fc1"});
  lora.rank_pattern = {{"layers.0.self_attn.q_proj", 4}, {"q_proj", 8}};
  lora.alpha_pattern = {{"layers\\.1\\..*", 5.5}, {"model\\.decoder.*", 7.0}};
  const auto modules = make_layout(tiny(), lora)->modules();
  REQUIRE(modules.size() == 4);
  CHECK(modules[0].rank == 4);
  CHECK(modules[1].rank == 2);
  CHECK(modules[2].rank == 8);
  CHECK(modules[3].rank == 2);
  CHECK(modules[0].alpha == 7.0);
  CHECK(modules[1].alpha == 7.0);
  CHECK(modules[2].alpha == 5.5);
  CHECK(modules[3].alpha == 5.5);
  CHECK(modules[0].scale() == 7.0 / 4.0);
}

TEST_CASE("a pattern that is broken, matches nothing or asks too high a rank is refused") {
  const auto refused = [](std::vector<RankPattern> ranks, const std::string& message) {
    LoraConfig lora = on({"q_proj"});
    lora.rank_pattern = std::move(ranks);
    CHECK_THROWS_WITH_AS(make_layout(tiny(), lora), message.c_str(), InputError);
  };
  refused({{"(", 4}}, "lora.rank_pattern: \"(\": is not a regular expression");
  refused({{"proj", 4}},
          "lora.rank_pattern: \"proj\" matches none of the 2 adapted modules, such as "
          "model.decoder.layers.0.self_attn.q_proj");
  refused({{"q_proj", 9}},
          "lora.rank_pattern: must be from 1 to 8 (the smaller side of q_proj), not 9");
  refused({{".*", 4}, {"layers.1.self_attn.q_proj", 2}},
          "lora.rank_pattern: \"layers.1.self_attn.q_proj\" is never used: entries before it match "
          "all of its modules");
  LoraConfig lora = on({"q_proj"});
  lora.alpha_pattern = {{"fc1", 4.0}};
  CHECK_THROWS_WITH_AS(make_layout(tiny(), lora),
                       doctest::Contains("lora.alpha_pattern: \"fc1\" matches none"), InputError);
}

TEST_CASE("all-linear means every linear layer but the output layer") {
  const LayoutPtr all = make_layout(tiny(), on({"all-linear"}));
  CHECK(*all == *make_layout(tiny(), on({"q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"})));
  const ModelShape narrow = tests::opt_shape(8, 32, 2, 4);
  const auto modules = make_layout(narrow, on({"all-linear"}))->modules();
  REQUIRE(modules.size() == 14);
  CHECK(modules[12] == LoraModule{"model.decoder.project_in", 4, 8, 2, 16.0, false});
  CHECK(modules[13] == LoraModule{"model.decoder.project_out", 8, 4, 2, 16.0, false});
  CHECK(find_module(narrow, modules[13]) == 13);
  CHECK_THROWS_WITH_AS(make_layout(tiny(), on({"project_in"})),
                       "lora.target_modules: unknown module \"project_in\"; this base (opt) has "
                       "q_proj, k_proj, v_proj, out_proj, fc1, fc2; or \"all-linear\"",
                       InputError);
  CHECK_THROWS_WITH_AS(make_layout(tiny(), on({"fc1", "all-linear"})),
                       "lora.target_modules: \"all-linear\" stands for all modules, alone",
                       InputError);
  CHECK_THROWS_WITH_AS(make_layout(narrow, on({"all-linear"}, 8)),
                       "lora.r: must be from 1 to 4 (the smaller side of project_in), not 8",
                       InputError);
}

TEST_CASE("an adapter of another model is refused") {
  LoraModule module = make_layout(tiny(), on({"q_proj"}))->modules()[0];
  module.in = 16;
  CHECK_THROWS_AS(find_module(tiny(), module), InputError);
  module = make_layout(tiny(), on({"q_proj"}))->modules()[0];
  module.name = "model.decoder.layers.7.self_attn.q_proj";
  CHECK_THROWS_AS(find_module(tiny(), module), InputError);
  module.name = "model.decoder.project_in";
  CHECK_THROWS_WITH_AS(find_module(tiny(), module),
                       "adapter: the base has no layer model.decoder.project_in; it has 2 decoder "
                       "layers; linear ones are q_proj, k_proj, v_proj, out_proj, fc1, fc2",
                       InputError);
}
