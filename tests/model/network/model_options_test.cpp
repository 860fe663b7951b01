#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "tests/model/changed_model.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/padded_batch.hpp"
#include "tests/model/plain_opt.hpp"
#include "tests/model/random_adapter.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// The tiny model with other options than the golden ones.
struct Variant {
  std::string name;
  nlohmann::json config;
  std::function<bool(const std::string&)> drops;  ///< tensors that such a model has not
  bool own_head = false;
};

bool nothing(const std::string&) {
  return false;
}

const std::vector<Variant>& variants() {
  static const std::vector<Variant> all = {
      {"as it is", {{"tie_word_embeddings", true}}, nothing},
      {"gelu", {{"activation_function", "gelu"}}, nothing},
      {"gelu_new", {{"activation_function", "gelu_new"}}, nothing},
      {"quick_gelu", {{"activation_function", "quick_gelu"}}, nothing},
      {"silu", {{"activation_function", "silu"}}, nothing},
      {"mish", {{"activation_function", "mish"}}, nothing},
      {"tanh", {{"activation_function", "tanh"}}, nothing},
      {"sigmoid", {{"activation_function", "sigmoid"}}, nothing},
      {"relu2", {{"activation_function", "relu2"}}, nothing},
      {"no bias",
       {{"enable_bias", false}},
       [](const std::string& name) {
         return name.ends_with(".bias") && name.find("norm") == std::string::npos;
       }},
      {"plain norms",
       {{"layer_norm_elementwise_affine", false}},
       [](const std::string& name) { return name.find("norm") != std::string::npos; }},
      {"a head of its own", {{"tie_word_embeddings", false}}, nothing, true},
  };
  return all;
}

ChangedModel made(const Variant& variant) {
  Random random(8, Purpose::sample);
  std::vector<float> head(512 * 64);
  for (float& value : head) {
    value = static_cast<float>(0.1 * random.normal());
  }
  std::vector<NamedTensor> more;
  if (variant.own_head) {
    more.push_back({"lm_head.weight", DType::float32, {512, 64}, std::as_bytes(std::span(head))});
  }
  const auto change = [&variant](NamedTensor& tensor) {
    if (variant.drops(tensor.name)) tensor.name.clear();
  };
  return ChangedModel(change, more, variant.config);
}

std::vector<std::int32_t> some_tokens(std::size_t count) {
  Random random(9, Purpose::sample);
  std::vector<std::int32_t> tokens(count);
  for (auto& token : tokens) {
    token = static_cast<std::int32_t>(random.below(512));
  }
  return tokens;
}

}  // namespace

TEST_CASE("each option of the configuration computes what its definition says") {
  const std::vector<std::int32_t> tokens = some_tokens(12);
  PackedBatch batch;
  batch.add(tokens, 1);
  std::vector<std::vector<float>> results;
  for (const Variant& variant : variants()) {
    CAPTURE(variant.name);
    const ChangedModel model = made(variant);
    const std::vector<float> logits = packed_logits(*model.load(), nullptr, batch, false);
    const double worst = largest_difference(logits, PlainOpt(model.path()).logits(tokens));
    MESSAGE(variant.name << ": logits differ by at most " << worst);
    CHECK(worst <= 1e-5);
    for (const std::vector<float>& other : results) {
      CHECK(largest_difference(logits, other) > 1e-4);  // the option is no idle one
    }
    results.push_back(logits);
  }
}

TEST_CASE("names of one activation function mean the same") {
  const std::vector<std::int32_t> tokens = some_tokens(12);
  PackedBatch batch;
  batch.add(tokens, 1);
  const auto logits = [&](const std::string& name) {
    const Variant variant{name, {{"activation_function", name}}, nothing};
    return packed_logits(*made(variant).load(), nullptr, batch, false);
  };
  CHECK(logits("swish") == logits("silu"));
  CHECK(logits("gelu_fast") == logits("gelu_new"));
  CHECK(logits("gelu_pytorch_tanh") == logits("gelu_new"));
  CHECK(logits("relu6") == logits("relu"));  // nothing in the tiny model exceeds 6
}

TEST_CASE("with each option the gradients are the padded form's and what small steps show") {
  for (const Variant& variant : variants()) {
    CAPTURE(variant.name);
    const BaseModelPtr base = made(variant).load();
    const Adapter adapter = random_adapter(base->shape(), lora_on(kAllModules));
    const PaddedBatch padded = GoldenOpt("opt_prenorm").padded("right");
    const PackedBatch batch = unpad(padded).batch;
    const LossAndGradient packed = packed_loss(*base, adapter, batch);
    CHECK(largest_relative_difference(*adapter.layout, packed.gradient,
                                      padded_loss_of(*base, adapter, padded).gradient) <= 5e-5);

    const double norm = l2_norm(packed.gradient);
    const double reach = 0.0005;
    double losses[2];
    for (int side = 0; side < 2; ++side) {
      Adapter moved = adapter;
      for (std::size_t i = 0; i < moved.values.size(); ++i) {
        moved.values[i] +=
            static_cast<float>((side == 0 ? reach : -reach) * packed.gradient[i] / norm);
      }
      losses[side] = packed_loss(*base, moved, batch).loss;
    }
    MESSAGE(variant.name << ": the loss rises by " << (losses[0] - losses[1]) / (2.0 * reach)
                         << " along a gradient of " << norm);
    CHECK((losses[0] - losses[1]) / (2.0 * reach) ==
          doctest::Approx(norm).epsilon(0.005).scale(0.0));
  }
}
