#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <stdexcept>

#include "actors/run/trainers/compressing_trainer.hpp"
#include "actors/strategy/messages/compressed_update.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using model::Factors;

namespace {

using Values = std::vector<float>;

/// A [1, 3] and B [2, 1]; then A [1, 2] and B [1, 1]: 5 values and 3.
model::LayoutPtr two_modules() {
  return std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"q", 3, 2, 1, 1.0, false}, {"v", 2, 1, 1, 1.0, false}});
}

model::LayoutPtr one_module(std::int64_t out) {
  return std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"q", 1, out, 1, 1.0, false}});
}

CodecPtr codec_of(const std::string& name, double topk_share) {
  sim::NetworkConfig network;
  network.compress_up = name;
  network.topk_share = topk_share;
  return uplink_codec(network);
}

Values read(const char* codec, const Values& values, Factors carried = Factors::both) {
  return decoded(*two_modules(), carried, codec_of(codec, 0.25), values);
}

model::TrainJob job_from(const Values& start, const model::LayoutPtr& layout) {
  model::TrainJob job;
  job.start = std::make_shared<const model::Adapter>(model::Adapter{layout, start});
  return job;
}

/// Adds what its client's number says to each value.
struct AddingTrainer final : model::Trainer {
  [[nodiscard]] model::JobSize size(const model::TrainJob&) const override { return {3, 33}; }
  [[nodiscard]] model::TrainResult train(const model::TrainJob& job) const override {
    model::TrainResult result{*job.start, {}};
    for (float& value : result.adapter.values)
      value += static_cast<float>(job.client);
    result.stats.examples = 3;
    return result;
  }
};

}  // namespace

TEST_CASE("messages cost exactly their bytes") {
  const auto layout = two_modules();
  const auto bytes = [&](const char* codec, Factors carried, double share = 0.25) {
    return message_bytes(*layout, carried, codec_of(codec, share));
  };
  CHECK(bytes("none", Factors::both) == layout->message_bytes());
  CHECK(bytes("none", Factors::a) == 4 * 5);
  CHECK(bytes("none", Factors::b) == 4 * 3);
  CHECK(bytes("float16", Factors::both) == 2 * 8);
  CHECK(bytes("bfloat16", Factors::b) == 2 * 3);
  CHECK(bytes("int8", Factors::both) == 8 + 4 * 4);
  CHECK(bytes("int8", Factors::a) == 5 + 2 * 4);
  CHECK(bytes("topk", Factors::both) == 2 * 8);
  CHECK(bytes("topk", Factors::b) == 1 * 8);  // 0.75 of a value
  CHECK(bytes("topk", Factors::both, 1.0) == 8 * 8);
  // 0.1 of 30 values are three, whatever 0.1 is in binary.
  CHECK(message_bytes(*one_module(29), Factors::both, codec_of("topk", 0.1)) == 24);
}

TEST_CASE("half precision rounds to the nearest, ties to even, and keeps to its range") {
  const Values values{1.0f, 1.0f + 0x1p-11f, 1.0f + 0x1.8p-10f, 1e6f, -1e6f, 0x1p-24f, 0.1f, 0.0f};
  const auto half = read("float16", values);
  CHECK(half[0] == 1.0f);
  CHECK(half[1] == 1.0f);            // a tie, to even
  CHECK(half[2] == 1.0f + 0x1p-9f);  // a tie, to even
  CHECK(half[3] == 65504.0f);
  CHECK(half[4] == -65504.0f);
  CHECK(half[5] == 0x1p-24f);
  CHECK(std::abs(half[6] - 0.1f) <= 0x1p-15f);
  const auto brain =
      read("bfloat16", {1.0f + 0x1p-8f, 1.0f + 0x1.8p-7f, 3.4e38f, 0.1f, 0, 0, 0, 0});
  CHECK(brain[0] == 1.0f);
  CHECK(brain[1] == 1.0f + 0x1p-6f);
  CHECK(brain[2] == 0x1.fep127f);
  CHECK(std::abs(brain[3] - 0.1f) <= 0x1p-12f);
}

TEST_CASE("int8 scales each factor tensor by its own largest value") {
  // A of q: scale 2, so 3 is a tie between 1 and 2 steps: 4; B of q: scale 0.5.
  const auto got = read("int8", {254.0f, 3.0f, -5.0f, -63.5f, 0.3f, 0.0f, 0.0f, 1e-44f});
  CHECK(got[0] == 254.0f);
  CHECK(got[1] == 4.0f);   // 1.5 steps, to even: 2
  CHECK(got[2] == -4.0f);  // -2.5 steps, to even: -2
  CHECK(got[3] == -63.5f);
  CHECK(got[4] == 0.5f);  // 0.6 steps
  CHECK(got[5] == 0.0f);
  CHECK(got[7] == 0.0f);  // a scale below the smallest float
}

TEST_CASE("int8 is never further off than half a step") {
  CHECK(rc::check("|x - C(x)| <= max |x| / 254", [] {
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::compression);
    const auto layout = one_module(40);
    Values values(layout->size());
    for (float& x : values)
      x = static_cast<float>(random.normal());
    values[0] = 0.5f;
    const auto got = decoded(*layout, Factors::both, codec_of("int8", 0.1), values);
    double largest = 0.0;
    for (std::size_t i = 1; i < values.size(); ++i)
      largest = std::max(largest, std::abs(static_cast<double>(values[i])));
    for (std::size_t i = 1; i < values.size(); ++i)
      RC_ASSERT(std::abs(double{values[i]} - double{got[i]}) <= largest / 254.0 * (1.0 + 1e-5));
  }));
}

TEST_CASE("topk keeps the largest of the whole adapter, ties by their place") {
  CHECK(read("topk", {1, -7, 3, 7, 7, 0, 2, 5}) == Values{0, -7, 0, 7, 0, 0, 0, 0});
  CHECK(read("topk", {1, -7, 3, 7, 7, 0, 2, 5}, Factors::b) ==
        Values{1, -7, 3, 7, 0, 0, 2, 0});  // one of 7, 7, 5
}

TEST_CASE("factors that do not travel stay exact") {
  CHECK(read("int8", {0.1f, 0.2f, 0.3f, 1, 1, 0.4f, 0.7f, 1}, Factors::b) ==
        Values{0.1f, 0.2f, 0.3f, 1, 1, 0.4f, 0.7f, 1});
  CHECK(read("none", {0.1f, 0.2f, 0.3f, 1, 1, 0.4f, 0.7f, 1})[1] == 0.2f);
}

TEST_CASE("what comes down is the adapter as it was written") {
  const auto layout = two_modules();
  const auto sent = std::make_shared<const model::Adapter>(
      model::Adapter{layout, {0.1f, 0.2f, 0.3f, 1, 1, 0.4f, 0.7f, 1}});
  CHECK(received(sent, Factors::both, {}) == sent);
  const auto got = received(sent, Factors::both, codec_of("bfloat16", 0.1));
  CHECK(got->values == decoded(*layout, Factors::both, codec_of("bfloat16", 0.1), sent->values));
  CHECK(got->values != sent->values);
  CHECK(got->layout == layout);
}

TEST_CASE("error feedback follows Karimireddy's algorithm, worked by hand") {
  // top 1 of 2 values; the client's training always adds (3, 2).
  const auto layout = one_module(1);
  const auto top = codec_of("topk", 0.5);
  const auto train = [&](const Values& start, const model::PrivateStatePtr& state) {
    auto job = job_from(start, layout);
    job.state = state;
    model::TrainResult trained{*job.start, {}};
    trained.adapter.values[0] += 3.0f;
    trained.adapter.values[1] += 2.0f;
    return compressed_update(top, true, Factors::both, job, std::move(trained));
  };
  const auto first = train({10, 10}, nullptr);
  CHECK(first.adapter.values == Values{13, 10});
  CHECK(*first.state->find(kErrorFeedback) == Values{0, 2});
  const auto second = train({0, 0}, first.state);  // (3, 4)
  CHECK(second.adapter.values == Values{0, 4});
  CHECK(*second.state->find(kErrorFeedback) == Values{3, 0});
  const auto third = train({0, 0}, second.state);  // (6, 2)
  CHECK(third.adapter.values == Values{6, 0});
  CHECK(*third.state->find(kErrorFeedback) == Values{0, 2});
}

TEST_CASE("what error feedback sends adds up to what was trained, less the last residual") {
  CHECK(rc::check("sum of C(p) + e = sum of changes", [] {
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::compression);
    const auto codec = *rc::gen::element<std::string>("topk", "int8", "float16", "bfloat16");
    const auto carried = *rc::gen::element(Factors::both, Factors::a, Factors::b);
    const auto layout = two_modules();
    const std::size_t n = layout->size();
    std::vector<double> trained(n, 0.0);
    std::vector<double> sent(n, 0.0);
    model::PrivateStatePtr state;
    for (int round = 0; round < 6; ++round) {
      auto job = job_from(Values(n, 0.0f), layout);
      job.state = state;
      model::TrainResult result{*job.start, {}};
      for (std::size_t i = 0; i < n; ++i) {
        result.adapter.values[i] = static_cast<float>(random.normal());
        trained[i] += result.adapter.values[i];
      }
      result = compressed_update(codec_of(codec, 0.3), true, carried, job, std::move(result));
      for (std::size_t i = 0; i < n; ++i)
        sent[i] += result.adapter.values[i];
      state = result.state;
    }
    const auto& residual = *state->find(kErrorFeedback);
    for (std::size_t i = 0; i < n; ++i)
      RC_ASSERT(std::abs(sent[i] + residual[i] - trained[i]) < 1e-5);
  }));
}

TEST_CASE("residuals that do not fit are dropped, other private state is kept") {
  const auto layout = one_module(1);
  auto job = job_from({0, 0}, layout);
  job.state = std::make_shared<const model::PrivateState>(
      model::PrivateState{{{"b", {9.0f}}, {kErrorFeedback, {1.0f, 1.0f, 1.0f}}}});
  const auto top = codec_of("topk", 0.5);
  const model::TrainResult trained{{layout, {3, 2}}, {}};
  const auto result = compressed_update(top, true, Factors::both, job, trained);
  REQUIRE(result.state->vectors.size() == 2);
  CHECK(*result.state->find("b") == Values{9.0f});
  CHECK(*result.state->find(kErrorFeedback) == Values{0, 2});
  // What training itself kept is the newer one.
  auto keeping = trained;
  keeping.state = std::make_shared<const model::PrivateState>(model::PrivateState{{{"b", {7.0f}}}});
  CHECK(*compressed_update(top, true, Factors::both, job, keeping).state->find("b") ==
        Values{7.0f});
  // Without error feedback nothing is kept.
  CHECK(compressed_update(top, false, Factors::both, job, trained).state == nullptr);
  CHECK(compressed_update(top, false, Factors::both, job, trained).adapter.values == Values{3, 0});
}

TEST_CASE("updates that are not finite pass compression as they are") {
  const auto layout = one_module(1);
  const auto job = job_from({0, 0}, layout);
  const model::TrainResult broken{{layout, {std::nanf(""), 2}}, {}};
  const auto result = compressed_update(codec_of("int8", 0.1), true, Factors::both, job, broken);
  CHECK(std::isnan(result.adapter.values[0]));
  CHECK(result.state == nullptr);
  CHECK_THROWS_AS(compressed_update(codec_of("int8", 0.1), true, Factors::both,
                                    job_from({0, 0, 0}, one_module(2)), {{layout, {1, 2}}, {}}),
                  std::invalid_argument);
}

TEST_CASE("a compressing trainer sends the factors that the job's update carries") {
  const auto layout = two_modules();
  const actors::CompressingTrainer trainer(
      std::make_shared<AddingTrainer>(), codec_of("topk", 0.1), true,
      [](const model::TrainJob& job) { return job.version % 2 == 0 ? Factors::a : Factors::b; });
  auto job = job_from(Values(8, 0.0f), layout);
  job.client = 2;
  CHECK(trainer.size(job).tokens == 33);
  CHECK(trainer.train(job).adapter.values == Values{2, 0, 0, 2, 2, 0, 0, 2});
  CHECK(trainer.train(job).stats.examples == 3);
  job.version = 1;
  const auto result = trainer.train(job);
  CHECK(result.adapter.values == Values{2, 2, 2, 2, 0, 2, 2, 0});
  CHECK(*result.state->find(kErrorFeedback) == Values{0, 0, 0, 0, 2, 0, 0, 2});
}

TEST_CASE("codecs are known by name, topk only on the way up") {
  sim::NetworkConfig network;
  CHECK(uplink_codec(network) == nullptr);
  network.compress_up = "topk";
  network.topk_share = 0.2;
  CHECK(uplink_codec(network)->bytes(10, 1) == 8 * 2);
  network.topk_share = 0.0;
  CHECK_THROWS_AS(uplink_codec(network), InputError);
  network.compress_down = "topk";
  CHECK_THROWS_WITH(downlink_codec(network),
                    "network.compress_down: \"topk\" is not known; known: none, float16, bfloat16, "
                    "int8");
}
