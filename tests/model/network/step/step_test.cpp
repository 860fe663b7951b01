#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "model/device/process.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/packed_batch.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/model/tiny_bases.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

// The pass that is written by hand against LibTorch's autograd over the same parts.

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// Sequences shorter and longer than what attention takes at a time.
PackedBatch some_batch(const ModelShape& shape) {
  Random random(12, Purpose::sample);
  PackedBatch batch;
  for (const std::int64_t length :
       {std::int64_t{5}, std::int64_t{1}, std::min<std::int64_t>(37, shape.positions)}) {
    std::vector<std::int32_t> tokens(static_cast<std::size_t>(length));
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
    if (shape.classifier) {
      batch.add_class(tokens, static_cast<std::int64_t>(random.below(
                                  static_cast<std::uint64_t>(shape.classifier->labels))));
    } else {
      batch.add(tokens, tokens.size() / 2);
    }
  }
  return batch;
}

/// The largest difference, relative to the largest entry of the graph's gradient.
double difference(const LossAndGradient& ours, const LossAndGradient& graph) {
  REQUIRE(ours.gradient.size() == graph.gradient.size());
  double largest = std::abs(ours.loss - graph.loss) / graph.loss;
  double size = 0.0;
  for (const float value : graph.gradient)
    size = std::max(size, static_cast<double>(std::abs(value)));
  for (std::size_t i = 0; i < graph.gradient.size(); ++i) {
    const double own = std::abs(static_cast<double>(ours.gradient[i]) - graph.gradient[i]);
    largest = std::max(largest, std::isfinite(own) ? own / std::max(size, 1e-30) : 1e30);
  }
  return largest;
}

/// |difference| / |gradient of the graph|, as vectors, or that of the losses: in bfloat16 single
/// entries are far off, where a ReLU turns at rounding. No tensor may be wholly wrong.
double difference_of_norms(const AdapterLayout& layout, const LossAndGradient& ours,
                           const LossAndGradient& graph) {
  REQUIRE(ours.gradient.size() == graph.gradient.size());
  double all_apart = 0.0, all_size = 1e-60, apart = 0.0, size = 1e-60;
  const auto add = [&](std::size_t first, std::size_t end) {
    apart = 0.0;
    size = 1e-60;
    for (std::size_t i = first; i < end; ++i) {
      apart += std::pow(static_cast<double>(ours.gradient[i]) - graph.gradient[i], 2);
      size += std::pow(static_cast<double>(graph.gradient[i]), 2);
    }
    CHECK(apart <= 0.25 * size);
    all_apart += apart;
    all_size += size;
  };
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    const LoraModule& module = layout.modules()[i];
    const auto rank = static_cast<std::size_t>(module.rank);
    add(layout.a_offset(i), layout.a_offset(i) + rank * static_cast<std::size_t>(module.in));
    add(layout.b_offset(i), layout.b_offset(i) + rank * static_cast<std::size_t>(module.out));
  }
  for (std::size_t i = 0; i < layout.whole().size(); ++i) {
    const bool last = i + 1 == layout.whole().size();
    add(layout.whole_offset(i), last ? layout.size() : layout.whole_offset(i + 1));
  }
  REQUIRE(ours.gradient.size() == layout.size());
  const double own = std::sqrt(all_apart / all_size);
  return std::max(std::abs(ours.loss - graph.loss) / graph.loss, std::isfinite(own) ? own : 1e30);
}

double largest_difference_of(const AdapterLayout&, const LossAndGradient& ours,
                             const LossAndGradient& graph) {
  return difference(ours, graph);
}

struct Case {
  Dropout dropout = {};
  BaseDropout base_dropout = {};
  Factors trained = Factors::both;
};

double differs(const BaseModel& base, const std::vector<std::string>& targets, const Case& with,
               const decltype(largest_difference_of)& measure = largest_difference_of) {
  const Adapter adapter = random_adapter(base.shape(), lora_on(targets));
  const PackedBatch batch = some_batch(base.shape());
  return measure(*adapter.layout,
                 packed_loss(base, adapter, batch, with.dropout, with.base_dropout, with.trained),
                 graph_loss(base, adapter, batch, with.dropout, with.base_dropout, with.trained));
}

Dropout some_dropout() {
  return {0.25, Random(3, Purpose::lora_dropout, 1, 2)};
}

constexpr double kFloat32 = 2e-5;
constexpr double kNarrow = 0.2;  ///< where rows are bfloat16 too

}  // namespace

TEST_CASE("loss and gradients are those of a graph, for every family and every linear layer") {
  double largest = 0.0;
  for (const auto& folder : tiny_bases()) {
    CAPTURE(folder.string());
    const BaseModelPtr base = BaseModel::load({folder, "float32"}, test_device());
    const std::vector<std::string> all = base->shape().targets();
    std::vector<std::vector<std::string>> choices = {all};
    for (const std::string& one : all)
      choices.push_back({one});
    for (const auto& targets : choices) {
      CAPTURE(targets.front());
      const double own = differs(*base, targets, {});
      CHECK(own <= kFloat32);
      largest = std::max(largest, own);
    }
    for (const Factors trained : {Factors::a, Factors::b}) {
      CHECK(differs(*base, all, {{}, {}, trained}) <= kFloat32);
    }
  }
  MESSAGE("largest difference: ", largest);
}

TEST_CASE("dropout of the adapter and of the base falls on the same entries") {
  for (const auto& folder : tiny_bases()) {
    CAPTURE(folder.string());
    const BaseModelPtr base = BaseModel::load({folder, "float32"}, test_device());
    const std::vector<std::string> all = base->shape().targets();
    CHECK(differs(*base, all, {some_dropout(), {}, Factors::both}) <= kFloat32);
    CHECK(differs(*base, all, {{}, BaseDropout({0.2, 0.3, 0.0, 0.1, 0.25}, 77), Factors::both}) <=
          kFloat32);
    CHECK(differs(*base, {all.front()},
                  {some_dropout(), BaseDropout({0.2, 0.3, 0.0, 0.1, 0.25}, 78), Factors::both}) <=
          kFloat32);
    // Layers that are left out: the last one too, and all of them.
    for (std::uint64_t key = 1; key <= 6; ++key) {
      CHECK(differs(*base, all, {some_dropout(), BaseDropout({0.1, 0.0, 0.5, 0.0}, key), {}}) <=
            kFloat32);
    }
  }
}

TEST_CASE("operators of any device give the same pass") {
  const HostKernelsOff off;
  for (const auto& folder : tiny_bases()) {
    CAPTURE(folder.string());
    const BaseModelPtr base = BaseModel::load({folder, "float32"}, test_device());
    const std::vector<std::string> all = base->shape().targets();
    CHECK(differs(*base, all, {}) <= kFloat32);
    CHECK(differs(*base, all,
                  {some_dropout(), BaseDropout({0.2, 0.3, 0.3, 0.1, 0.25}, 79), Factors::both}) <=
          kFloat32);
  }
}

TEST_CASE("the gradients of a quantised base are those of a graph") {
  double largest = 0.0;
  for (const bool off : {false, true}) {
    std::optional<HostKernelsOff> as_on_a_gpu;
    if (off) as_on_a_gpu.emplace();
    for (const auto& folder : tiny_bases()) {
      CAPTURE(folder.string());
      for (const char* quantization : {"int8", "nf4"}) {
        const BaseModelPtr base = BaseModel::load({folder, "float32", quantization}, test_device());
        const std::vector<std::string> all = base->shape().targets();
        largest = std::max(largest, differs(*base, all, {}));
        largest = std::max(largest, differs(*base, {all.front()}, {some_dropout(), {}, {}}));
      }
    }
  }
  CHECK(largest <= kFloat32);
  MESSAGE("largest difference: ", largest);
}

TEST_CASE("layers that are computed again give the same bits") {
  for (const auto& [dtype, off] : std::vector<std::pair<const char*, bool>>{
           {"float32", false}, {"float32", true}, {"bfloat16", false}, {"bfloat16", true}}) {
    std::optional<HostKernelsOff> as_on_a_gpu;
    if (off) as_on_a_gpu.emplace();
    for (const auto& folder : tiny_bases()) {
      CAPTURE(folder.string());
      const BaseModelPtr base = BaseModel::load({folder, dtype}, test_device());
      const Adapter adapter = random_adapter(base->shape(), lora_on(base->shape().targets()));
      const PackedBatch batch = some_batch(base->shape());
      // Keys that skip the first and the last layer, and the ones between; and without skips.
      for (const auto& own : {BaseDropout({0.2, 0.0, 0.3, 0.1, 0.25}, 77),
                              BaseDropout({0.2, 0.3, 0.3, 0.1, 0.25}, 78), BaseDropout()}) {
        const auto loss = [&](bool recomputes) {
          return packed_loss(*base, adapter, batch, some_dropout(), own, Factors::both, recomputes);
        };
        const LossAndGradient kept = loss(false), again = loss(true);
        CHECK(again.loss == kept.loss);
        CHECK(again.gradient == kept.gradient);
      }
    }
  }
}

TEST_CASE("in bfloat16 they agree as far as its rounding lets them") {
  double largest = 0.0;
  for (const auto& folder : tiny_bases()) {
    CAPTURE(folder.string());
    const BaseModelPtr base = BaseModel::load({folder, "bfloat16"}, test_device());
    const double own = differs(*base, base->shape().targets(), {}, difference_of_norms);
    CHECK(own <= (test_device() == "cpu" ? 2e-2 : kNarrow));
    largest = std::max(largest, own);
  }
  MESSAGE("largest difference: ", largest);
}

TEST_CASE("operators of any device keep rows in bfloat16 where the base is") {
  const HostKernelsOff off;
  double largest = 0.0;
  for (const auto& folder : tiny_bases()) {
    CAPTURE(folder.string());
    const BaseModelPtr base = BaseModel::load({folder, "bfloat16"});
    const std::vector<std::string> all = base->shape().targets();
    const double own =
        differs(*base, all, {some_dropout(), BaseDropout({0.2, 0.0, 0.0, 0.1}, 79), Factors::both},
                difference_of_norms);
    CHECK(own <= kNarrow);
    largest = std::max(largest, own);
  }
  MESSAGE("largest difference: ", largest);
}

TEST_CASE("own kernels give the same bits on any number of threads") {
  const auto base =
      BaseModel::load({source_folder() / "scenarios" / "base" / "opt-nano", "bfloat16"});
  const Adapter adapter = random_adapter(base->shape(), lora_on(base->shape().targets()), 0.1);
  Random random(3, Purpose::sample);
  PackedBatch batch;  // each matrix has more entries than one thread takes
  for (const std::size_t length : {200, 131, 1, 256, 37}) {
    std::vector<std::int32_t> tokens(length);
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(1000));
    batch.add(tokens, length / 2);
  }
  std::vector<LossAndGradient> all;
  for (const int threads : {1, 2, 3}) {
    configure_thread(threads);
    all.push_back(packed_loss(*base, adapter, batch, some_dropout(),
                              BaseDropout({0.2, 0.0, 0.3, 0.1, 0.0}, 77), Factors::both, false));
  }
  configure_thread(1);
  for (const LossAndGradient& other : all) {
    CHECK(other.loss == all.front().loss);
    CHECK(other.gradient == all.front().gradient);
  }
}
