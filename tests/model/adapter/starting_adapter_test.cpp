#include "model/adapter/starting_adapter.hpp"

#include <doctest/doctest.h>

#include <string>

#include "model/adapter/lora_layout.hpp"
#include "model/adapter/peft.hpp"
#include "model/network/base_model.hpp"
#include "partition/support/error.hpp"
#include "tests/model/opt_shape.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

ModelShape small_opt_shape() {
  return tests::opt_shape(64, 256, 2);
}

LoraConfig golden_lora() {
  LoraConfig lora;
  lora.r = 4;
  lora.lora_alpha = 8.0;
  lora.init_adapter = tests::golden_folder() / "opt" / "opt_prenorm" / "adapter_after5";
  return lora;
}

std::string lora_refusal(const LoraConfig& lora) {
  try {
    starting_adapter(make_layout(small_opt_shape(), lora), small_opt_shape(), lora, {}, 1);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a run starts from what PEFT trained, whatever its seed") {
  const LoraConfig lora = golden_lora();
  const auto layout = make_layout(small_opt_shape(), lora);
  const Adapter adapter = starting_adapter(layout, small_opt_shape(), lora, {}, 7);
  CHECK(adapter.layout == layout);
  CHECK(adapter.values == load_peft(lora.init_adapter, small_opt_shape()).values);
  CHECK(starting_adapter(layout, small_opt_shape(), lora, {}, 8).values == adapter.values);
}

TEST_CASE("without init_adapter a run starts from a fresh adapter") {
  LoraConfig lora = golden_lora();
  lora.init_adapter.clear();
  const auto layout = make_layout(small_opt_shape(), lora);
  CHECK(starting_adapter(layout, small_opt_shape(), lora, {}, 7).values ==
        initial_adapter(layout, 7).values);
}

TEST_CASE("an adapter with layers of different ranks is saved, and starts a run again") {
  LoraConfig lora = golden_lora();
  lora.rank_pattern = {{"layers.1.*", 2}, {"v_proj", 6}};
  lora.alpha_pattern = {{"v_proj", 3.5}};
  lora.init_adapter.clear();
  const auto layout = make_layout(small_opt_shape(), lora);
  const Adapter saved = initial_adapter(layout, 3);
  const tests::TemporaryFolder folder;
  save_peft(folder.path(), saved, lora, "base", small_opt_shape());
  lora.init_adapter = folder.path();
  CHECK(starting_adapter(layout, small_opt_shape(), lora, {}, 7).values == saved.values);
}

TEST_CASE("an adapter of another layout is refused, and the message says what differs") {
  LoraConfig lora = golden_lora();
  CHECK(lora_refusal(lora).empty());
  lora.rank_pattern = {{"layers.1.*v_proj", 2}};
  const std::string ranks = lora_refusal(lora);
  CHECK(ranks.starts_with("lora.init_adapter: "));
  CHECK(ranks.ends_with(
      "it has model.decoder.layers.1.self_attn.v_proj of [64, 64] with rank 4, alpha 8; asked "
      "for: model.decoder.layers.1.self_attn.v_proj of [64, 64] with rank 2, alpha 8"));
  lora = golden_lora();
  lora.target_modules = {"q_proj", "v_proj", "fc1"};
  CHECK(lora_refusal(lora).ends_with(
      "it has no other module; asked for: model.decoder.layers.0.fc1 of [256, 64] with rank 4, "
      "alpha 8"));
  lora = golden_lora();
  lora.init_adapter = "nowhere";
  CHECK(lora_refusal(lora).find("adapter_config.json: no such file") != std::string::npos);
}
