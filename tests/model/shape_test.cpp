#include "model/shape.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/adapter/lora_layout.hpp"
#include "partition/support/error.hpp"
#include "tests/model/opt_shape.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

/// As GPT-2 names its layers: one fused projection, and two modules of the same last name.
ModelShape fused() {
  ModelShape shape;
  shape.family = "gpt2";
  shape.width = 8;
  shape.layers = 12;
  shape.ends = {5, 7};
  shape.layer_path = "transformer.h.";
  shape.layer_linears = {{"attn.c_attn", 8, 24, LinearRole::query_key_value},
                         {"attn.c_proj", 8, 8, LinearRole::attention_output},
                         {"mlp.c_fc", 8, 32, LinearRole::up},
                         {"mlp.c_proj", 32, 8, LinearRole::down}};
  return shape;
}

}  // namespace

TEST_CASE("modules go by index, and each is found again by its name") {
  for (const ModelShape& shape : {fused(), tests::opt_shape(8, 32, 3, 4)}) {
    for (std::size_t module = 0; module < shape.modules(); ++module) {
      CHECK(shape.find(shape.module_name(module)) == module);
    }
  }
  CHECK(fused().modules() == 48);
  CHECK(fused().module_name(47) == "transformer.h.11.mlp.c_proj");
  CHECK(fused().linear(46).out == 32);
  const ModelShape narrow = tests::opt_shape(8, 32, 3, 4);
  CHECK(narrow.modules() == 20);
  CHECK(narrow.module_name(19) == "model.decoder.project_out");
  CHECK(narrow.linear(18).in == 4);
}

TEST_CASE("a name that the base has not is not found") {
  for (const char* name :
       {"", "transformer.h.", "transformer.h.12.attn.c_attn", "transformer.h.01.attn.c_attn",
        "transformer.h.1.c_attn", "transformer.h.-1.attn.c_attn", "attn.c_attn", "lm_head"}) {
    CAPTURE(name);
    CHECK_FALSE(fused().find(name).has_value());
  }
}

TEST_CASE("modules are ordered by layer, then as the shape lists them, then by name") {
  const std::vector<std::string> order = {"transformer.h.2.attn.c_attn",
                                          "transformer.h.2.mlp.c_proj",
                                          "transformer.h.2.mlp.other",
                                          "transformer.h.10.attn.c_attn",
                                          "transformer.h.99.attn.c_proj",
                                          "a",
                                          "b"};
  auto names = order;
  std::reverse(names.begin(), names.end());
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return fused().comes_before(a, b); });
  CHECK(names == order);
}

TEST_CASE("a target names all modules that end with it") {
  CHECK(fused().targets() == std::vector<std::string>{"c_attn", "c_proj", "c_fc"});
  LoraConfig lora;
  lora.r = 2;
  lora.target_modules = {"c_proj"};
  const auto layout = make_layout(fused(), lora);
  REQUIRE(layout->modules().size() == 24);
  CHECK(layout->modules()[0].name == "transformer.h.0.attn.c_proj");
  CHECK(layout->modules()[1].in == 32);
  lora.target_modules = {"q_proj"};
  CHECK_THROWS_WITH_AS(check_targets(fused(), lora),
                       "lora.target_modules: unknown module \"q_proj\" (did you mean \"c_proj\"?); "
                       "this base (gpt2) has c_attn, c_proj, c_fc; or \"all-linear\"",
                       InputError);
}

TEST_CASE("any of the end tokens ends a text, the first is written") {
  CHECK(fused().end() == 5);
  CHECK(fused().ends_with(7));
  CHECK_FALSE(fused().ends_with(6));
  CHECK_THROWS_AS(static_cast<void>(ModelShape().end()), std::logic_error);
}
