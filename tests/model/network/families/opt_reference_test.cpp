#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/training/optimizer.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/reference_limits.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

struct MeanLoss {
  double sum = 0.0;
  std::int64_t count = 0;
};

/// Cross-entropy in float64 of logits [rows, V] at label_rows.
MeanLoss cross_entropy_of(const std::vector<float>& logits, std::size_t vocabulary,
                          const std::vector<std::int64_t>& label_rows,
                          const std::vector<std::int64_t>& labels) {
  MeanLoss result;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const float* row = logits.data() + static_cast<std::size_t>(label_rows[n]) * vocabulary;
    double sum = 0.0;
    for (std::size_t v = 0; v < vocabulary; ++v) {
      sum += std::exp(static_cast<double>(row[v]));
    }
    result.sum += std::log(sum) - row[labels[n]];
    ++result.count;
  }
  return result;
}

/// Hugging Face's loss and gradient on a padded batch: the packed form where a token predicts, and
/// the padded form for those labels that padding predicts.
LossAndGradient loss_as_hugging_face(const GoldenOpt& golden, const Adapter& adapter,
                                     const std::string& batch) {
  const Unpadded unpadded = unpad(golden.padded(batch));
  LossAndGradient result = packed_loss(golden.base(), adapter, unpadded.batch);
  const auto odd = static_cast<double>(unpadded.labels_after_padding);
  if (odd == 0.0) return result;
  const LossAndGradient rest =
      padded_loss_of(golden.base(), adapter, only_labels_after_padding(golden.padded(batch)));
  const auto count = static_cast<double>(unpadded.batch.labels.size());
  result.loss = (count * result.loss + odd * rest.loss) / (count + odd);
  for (std::size_t i = 0; i < result.gradient.size(); ++i) {
    result.gradient[i] =
        static_cast<float>((count * result.gradient[i] + odd * rest.gradient[i]) / (count + odd));
  }
  return result;
}

/// Logits of the packed form against the stored ones, at all real tokens.
double logits_deviation(const GoldenOpt& golden, const Adapter* adapter, const std::string& batch,
                        const std::string& key) {
  const Unpadded unpadded = unpad(golden.padded(batch));
  const auto vocabulary = static_cast<std::size_t>(golden.base().shape().vocabulary);
  return largest_difference(packed_logits(golden.base(), adapter, unpadded.batch, false),
                            take_rows(golden.floats(key), unpadded.source, vocabulary));
}

}  // namespace

TEST_CASE("comparisons see what is not finite, missing or zero") {
  const float nan = std::nanf("");
  CHECK(largest_difference({1.0f, 2.0f}, {1.0f, 2.5f}) == 0.5);
  CHECK(largest_difference({nan, 2.0f}, {1.0f, 2.0f}) == INFINITY);
  CHECK(largest_difference({1.0f, 2.0f}, {1.0f, nan}) == INFINITY);
  CHECK(largest_difference({INFINITY}, {INFINITY}) == INFINITY);
  CHECK(largest_difference({1.0f}, {1.0f, 2.0f}) == INFINITY);
  const GoldenOpt golden("opt_prenorm");
  const LayoutPtr modules = golden.layout();
  const AdapterLayout& layout = *modules;
  const std::vector<float> ones(layout.size(), 1.0f);
  std::vector<float> other = ones;
  other[5] = 1.5f;
  CHECK(largest_relative_difference(layout, other, ones) == 0.5);
  other[5] = nan;
  CHECK(largest_relative_difference(layout, other, ones) == INFINITY);
  CHECK(largest_relative_difference(layout, ones, other) == INFINITY);
  const std::vector<float> zeros(layout.size(), 0.0f);
  CHECK(largest_relative_difference(layout, zeros, zeros) == INFINITY);
  CHECK(largest_relative_difference(layout, {}, ones) == INFINITY);
}

TEST_CASE("the base's logits are those of Hugging Face, whichever side was padded") {
  for (const auto& name : kGoldenOpts) {
    const GoldenOpt golden(name);
    for (const auto& batch : kPaddedBatches) {
      const double worst = logits_deviation(golden, nullptr, batch, "base." + batch + ".logits");
      MESSAGE(name << " " << batch << ": base logits differ by at most " << worst);
      CHECK(worst <= kLogitsTolerance);
    }
  }
}

TEST_CASE("the hidden states are those of Hugging Face") {
  for (const auto& name : kGoldenOpts) {
    const GoldenOpt golden(name);
    const Unpadded unpadded = unpad(golden.padded("nopad"));
    const auto states = packed_hidden_states(golden.base(), nullptr, unpadded.batch);
    REQUIRE(states.size() == 3);
    for (std::size_t i = 0; i < states.size(); ++i) {
      const double worst =
          largest_difference(states[i], golden.floats("base.nopad.hidden." + std::to_string(i)));
      MESSAGE(name << " hidden state " << i << " differs by at most " << worst);
      CHECK(worst <= kLogitsTolerance);
    }
  }
}

TEST_CASE("the base's losses are those of Hugging Face") {
  for (const auto& name : kGoldenOpts) {
    const GoldenOpt golden(name);
    Adapter none = golden.adapter("lora.init.");
    std::fill(none.values.begin(), none.values.end(), 0.0f);
    for (const auto& batch : kPaddedBatches) {
      const double off = relative_difference(loss_as_hugging_face(golden, none, batch).loss,
                                             golden.loss("base." + batch + ".loss"));
      MESSAGE(name << " " << batch << ": base loss differs by " << off);
      CHECK(off <= kLossTolerance);
    }
  }
}

TEST_CASE("on tokens that tokens predict, the loss follows from Hugging Face's logits alone") {
  // Needs no padded form of ours: of the batch padded on the left only the comparable labels count.
  for (const auto& name : kGoldenOpts) {
    const GoldenOpt golden(name);
    const Adapter adapter = golden.adapter("lora.init.");
    const auto vocabulary = static_cast<std::size_t>(golden.base().shape().vocabulary);
    for (const auto& batch : kPaddedBatches) {
      const Unpadded unpadded = unpad(golden.padded(batch));
      const auto logits =
          take_rows(golden.floats("lora." + batch + ".logits"), unpadded.source, vocabulary);
      const MeanLoss expected =
          cross_entropy_of(logits, vocabulary, unpadded.batch.label_rows, unpadded.batch.labels);
      const double off =
          relative_difference(packed_loss(golden.base(), adapter, unpadded.batch).loss,
                              expected.sum / static_cast<double>(expected.count));
      CHECK(off <= kLossTolerance);
      CHECK(unpadded.labels_after_padding == (batch == "left" ? 2 : 0));
    }
  }
}

TEST_CASE("LoRA's logits, losses and gradients are those of PEFT") {
  for (const auto& name : kGoldenOpts) {
    const GoldenOpt golden(name);
    const Adapter adapter = golden.adapter("lora.init.");
    for (const auto& batch : kPaddedBatches) {
      const double logits = logits_deviation(golden, &adapter, batch, "lora." + batch + ".logits");
      const LossAndGradient result = loss_as_hugging_face(golden, adapter, batch);
      const double loss = relative_difference(result.loss, golden.loss("lora." + batch + ".loss"));
      const double gradient = largest_relative_difference(
          *adapter.layout, result.gradient, golden.factors("lora." + batch + ".grad."));
      MESSAGE(name << " " << batch << ": LoRA logits " << logits << ", loss " << loss
                   << ", gradients " << gradient);
      CHECK(logits <= kLogitsTolerance);
      CHECK(loss <= kLossTolerance);
      CHECK(gradient <= kGradientTolerance);
    }
  }
}

TEST_CASE("five AdamW steps lead to PEFT's weights") {
  TrainConfig train;
  train.lr = 1e-2;
  for (const auto& name : kGoldenOpts) {
    const GoldenOpt golden(name);
    Adapter adapter = golden.adapter("lora.init.");
    const auto optimizer = make_optimizer(train, adapter.values.size());
    const std::vector<float> losses = golden.floats("adamw.losses");
    const std::vector<std::string> order = {"right", "left", "nopad", "right", "left"};
    for (std::size_t k = 0; k < order.size(); ++k) {
      const LossAndGradient result = loss_as_hugging_face(golden, adapter, order[k]);
      optimizer->step(adapter.values, result.gradient, train.lr);
      const double loss = relative_difference(result.loss, losses[k]);
      const double weights = largest_difference(
          adapter.values, golden.factors("adamw.step" + std::to_string(k + 1) + "."));
      MESSAGE(name << " step " << k + 1 << ": loss " << loss << ", weights " << weights);
      CHECK(loss <= kLossTolerance);
      CHECK(weights <= kWeightsTolerance);
    }
    for (const auto& batch : kPaddedBatches) {
      CHECK(relative_difference(loss_as_hugging_face(golden, adapter, batch).loss,
                                golden.loss("lora_after5." + batch + ".loss")) <= kLossTolerance);
    }
  }
}

TEST_CASE("after five steps the logits are PEFT's, merged into the base or not") {
  for (const auto& name : kGoldenOpts) {
    const GoldenOpt golden(name);
    const Adapter adapter = golden.adapter("adamw.step5.");
    for (const auto& batch : kPaddedBatches) {
      CHECK(logits_deviation(golden, &adapter, batch, "lora_after5." + batch + ".logits") <=
            kLogitsTolerance);
    }
    const double merged = logits_deviation(golden, &adapter, "nopad", "merged_after5.nopad.logits");
    MESSAGE(name << ": merged logits differ by at most " << merged);
    CHECK(merged <= kLogitsTolerance);
  }
}

TEST_CASE("the padded form that benchmarks compare with is Hugging Face's, padding included") {
  for (const auto& name : kGoldenOpts) {
    const GoldenOpt golden(name);
    const Adapter adapter = golden.adapter("lora.init.");
    for (const auto& batch : kPaddedBatches) {
      const LossAndGradient result = padded_loss_of(golden.base(), adapter, golden.padded(batch));
      CHECK(relative_difference(result.loss, golden.loss("lora." + batch + ".loss")) <=
            kLossTolerance);
      CHECK(largest_relative_difference(*adapter.layout, result.gradient,
                                        golden.factors("lora." + batch + ".grad.")) <=
            kGradientTolerance);
      CHECK(largest_difference(padded_logits_of(golden.base(), &adapter, golden.padded(batch)),
                               golden.floats("lora." + batch + ".logits")) <= kLogitsTolerance);
    }
  }
}
