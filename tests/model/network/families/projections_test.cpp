#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "model/adapter/lora_layout.hpp"
#include "model/network/merge.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/read_peft.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

// LoRA on OPT-350M's project_in and project_out, which "all-linear" includes.

namespace {

/// On every linear layer, with small values in all factors.
Adapter everywhere(const ModelShape& shape) {
  LoraConfig lora;
  lora.r = 3;
  lora.lora_alpha = 6.0;
  lora.target_modules = {"all-linear"};
  Adapter adapter = initial_adapter(make_layout(shape, lora), 5);
  Random random(11, Purpose::adapter_init);
  for (float& value : adapter.values)
    value = static_cast<float>(0.05 * random.normal());
  return adapter;
}

}  // namespace

TEST_CASE("an adapter on all linear layers gives the logits of the base that it is merged into") {
  const GoldenOpt golden("opt_postnorm_proj");
  const Adapter adapter = everywhere(golden.base().shape());
  CHECK(adapter.layout->modules().back().name == "model.decoder.project_out");
  const TemporaryFolder folder;
  write_merged(golden_folder() / "opt" / "opt_postnorm_proj" / "hf", adapter, folder / "merged",
               DType::float32, 1'000'000'000);
  const auto merged = BaseModel::load({folder / "merged", "float32"}, test_device());
  const auto batch = unpad(golden.padded("nopad")).batch;
  const auto logits = packed_logits(golden.base(), &adapter, batch, false);
  CHECK(largest_difference(logits, packed_logits(*merged, nullptr, batch, false)) <= 2e-5);
  CHECK(largest_difference(logits, packed_logits(golden.base(), nullptr, batch, false)) > 1e-2);
  const auto padded = golden.padded("nopad");
  CHECK(largest_difference(padded_logits_of(golden.base(), &adapter, padded),
                           padded_logits_of(*merged, nullptr, padded)) <= 2e-5);
}

TEST_CASE("gradients of all factors are those of differences of the loss") {
  const GoldenOpt golden("opt_postnorm_proj");
  Adapter adapter = everywhere(golden.base().shape());
  const auto batch = unpad(golden.padded("nopad")).batch;
  const auto gradient = packed_loss(golden.base(), adapter, batch).gradient;
  const auto& modules = adapter.layout->modules();
  for (std::size_t i = 0; i < modules.size(); ++i) {
    CAPTURE(modules[i].name);
    for (const bool of_a : {true, false}) {
      const std::size_t begin = of_a ? adapter.layout->a_offset(i) : adapter.layout->b_offset(i);
      const std::size_t size = of_a ? adapter.layout->a_size(i) : adapter.layout->b_size(i);
      // Along the gradient, where the loss rises by the gradient's length for each unit.
      double square = 0.0;
      for (std::size_t k = begin; k < begin + size; ++k)
        square += static_cast<double>(gradient[k]) * gradient[k];
      const double length = std::sqrt(square);
      REQUIRE(length > 1e-5);
      const auto loss_at = [&](double step) {
        Adapter moved = adapter;
        for (std::size_t k = begin; k < begin + size; ++k)
          moved.values[k] += static_cast<float>(step * gradient[k] / length);
        return packed_loss(golden.base(), moved, batch).loss;
      };
      const double step = 1e-2;
      CHECK((loss_at(step) - loss_at(-step)) / (2.0 * step) ==
            doctest::Approx(length).epsilon(0.05));
    }
  }
}

TEST_CASE("PEFT's files of such an adapter are written and read") {
  const GoldenOpt golden("opt_postnorm_proj");
  const Adapter adapter = everywhere(golden.base().shape());
  const TemporaryFolder folder;
  LoraConfig lora;
  lora.r = 3;
  lora.lora_alpha = 6.0;
  save_peft(folder.path(), adapter, lora, "base", golden.base().shape());
  std::vector<std::string> warnings;
  const Adapter loaded =
      read_peft(folder.path(), [&](const std::string& line) { warnings.push_back(line); });
  CHECK(warnings.empty());
  CHECK(*loaded.layout == *adapter.layout);
  CHECK(loaded.values == adapter.values);
}
