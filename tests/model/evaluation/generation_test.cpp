#include "model/evaluation/generation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/random.hpp"
#include "tests/model/changed_model.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/network/scarce_memory.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/model/tiny_bases.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

using Tokens = std::vector<std::int64_t>;

constexpr std::int64_t kEos = 2;

/// The text that Hugging Face generated after a prompt: up to the first eos.
Tokens until_eos(const Tokens& output, std::size_t begin, std::size_t end) {
  Tokens tokens;
  for (std::size_t i = begin; i < end && output[i] != kEos; ++i)
    tokens.push_back(output[i]);
  return tokens;
}

Tokens random_prompt(Random& random, std::size_t length) {
  Tokens tokens = {kEos};
  while (tokens.size() < length)
    tokens.push_back(static_cast<std::int64_t>(4 + random.below(508)));
  return tokens;
}

std::vector<Tokens> random_prompts(std::uint64_t seed, std::size_t count) {
  Random random(seed, Purpose::schedule_test);
  std::vector<Tokens> prompts;
  for (std::size_t i = 0; i < count; ++i)
    prompts.push_back(random_prompt(random, 1 + random.below(30)));
  return prompts;
}

/// The logits after `tokens` by a whole forward pass, without a cache.
std::vector<float> last_logits(const BaseModel& base, const Adapter* adapter,
                               const Tokens& tokens) {
  PackedBatch batch;
  batch.add(std::vector<std::int32_t>(tokens.begin(), tokens.end()), tokens.size());
  const auto logits = packed_logits(base, adapter, batch, false);
  return {logits.end() - base.shape().vocabulary, logits.end()};
}

/// What must have been chosen: within rounding of the best logit that a pass without cache gives.
void check_greedy(const BaseModel& base, const Adapter* adapter, Tokens tokens,
                  const Generated& result) {
  for (const std::int64_t next : result.tokens) {
    const auto logits = last_logits(base, adapter, tokens);
    const float best = *std::max_element(logits.begin(), logits.end());
    CHECK(logits[static_cast<std::size_t>(next)] >= best - 2e-5f);
    tokens.push_back(next);
  }
}

AdapterPtr trained(const GoldenOpt& golden) {
  return std::make_shared<const Adapter>(golden.adapter("adamw.step5."));
}

}  // namespace

TEST_CASE("greedy generation gives Hugging Face's tokens") {
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"}) {
    const GoldenOpt golden(name);
    const Tokens prompt = golden.integers("base.greedy.prompt");
    const Tokens output = golden.integers("base.greedy.output");
    GenerationConfig config;
    config.max_new_tokens = static_cast<std::int64_t>(output.size() - prompt.size());
    const auto results = generate(golden.base(), nullptr, {prompt}, config);
    CHECK(results.at(0).tokens == until_eos(output, prompt.size(), output.size()));
  }
}

TEST_CASE("prompts of different lengths give what Hugging Face gives with padding on the left") {
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"}) {
    const GoldenOpt golden(name);
    const Tokens padded = golden.integers("base.greedy_leftpad.prompt");
    const Tokens mask = golden.integers("base.greedy_leftpad.attention_mask");
    const Tokens output = golden.integers("base.greedy_leftpad.output");
    constexpr std::size_t kRows = 3;
    const std::size_t width = padded.size() / kRows;
    const std::size_t whole = output.size() / kRows;
    std::vector<Tokens> prompts(kRows);
    for (std::size_t i = 0; i < padded.size(); ++i) {
      if (mask[i] == 1) prompts[i / width].push_back(padded[i]);
    }
    GenerationConfig config;
    config.max_new_tokens = static_cast<std::int64_t>(whole - width);
    const auto results = generate(golden.base(), nullptr, prompts, config);
    for (std::size_t row = 0; row < kRows; ++row) {
      CHECK(results[row].tokens == until_eos(output, row * whole + width, (row + 1) * whole));
    }
  }
}

TEST_CASE("the cache gives the logits of whole passes, with an adapter too") {
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"}) {
    const GoldenOpt golden(name);
    const AdapterPtr adapter = trained(golden);
    GenerationConfig config;
    config.max_new_tokens = 12;
    const auto prompts = random_prompts(1, 5);
    const auto plain = generate(golden.base(), nullptr, prompts, config);
    const auto adapted = generate(golden.base(), adapter, prompts, config);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      check_greedy(golden.base(), nullptr, prompts[i], plain[i]);
      check_greedy(golden.base(), adapter.get(), prompts[i], adapted[i]);
    }
  }
}

TEST_CASE("a prompt's text does not depend on the batch, greedy or sampled") {
  const GoldenOpt golden("opt_prenorm");
  const auto prompts = random_prompts(2, 12);
  for (const double temperature : {0.0, 1.0}) {
    GenerationConfig together;
    together.max_new_tokens = 10;
    together.temperature = temperature;
    GenerationConfig apart = together;
    apart.batch_tokens = 1;
    const auto a = generate(golden.base(), nullptr, prompts, together);
    const auto b = generate(golden.base(), nullptr, prompts, apart);
    const auto again = generate(golden.base(), nullptr, prompts, together);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      CHECK(a[i].tokens == b[i].tokens);
      CHECK(a[i].tokens == again[i].tokens);
    }
  }
}

TEST_CASE("the host's kernels write what operators of any device write, in all families") {
  for (const auto& folder : tiny_bases()) {
    CAPTURE(folder.string());
    const auto base = BaseModel::load({folder, "float32"});
    if (base->shape().classifier) continue;
    std::vector<Tokens> prompts;
    Random random(9, Purpose::sample);
    for (const std::size_t length : {1, 14, 23}) {  // the longest goes past windows of 16
      Tokens& prompt = prompts.emplace_back();
      while (prompt.size() < length)
        prompt.push_back(static_cast<std::int64_t>(
            random.below(static_cast<std::uint64_t>(base->shape().vocabulary))));
    }
    GenerationConfig config;
    config.max_new_tokens = 9;
    const auto adapter = std::make_shared<const Adapter>(
        random_adapter(base->shape(), lora_on(base->shape().targets()), 0.1));
    const auto own = generate(*base, adapter, prompts, config);
    const HostKernelsOff as_on_a_gpu;
    const auto other = generate(*base, adapter, prompts, config);
    for (std::size_t i = 0; i < prompts.size(); ++i)
      CHECK(own[i].tokens == other[i].tokens);
  }
}

TEST_CASE("where memory does not suffice for a batch of prompts, it goes in halves, as before") {
  const HostKernelsOff as_on_a_gpu;
  const GoldenOpt golden("opt_prenorm", "float32", "cpu");
  const auto prompts = random_prompts(3, 12);
  GenerationConfig config;
  config.max_new_tokens = 8;
  config.temperature = 1.0;
  const auto same = [&](const std::vector<Generated>& a, const std::vector<Generated>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Generated& one, const Generated& other) {
                        return one.tokens == other.tokens && one.stopped == other.stopped;
                      });
  };
  const auto expected = generate(golden.base(), nullptr, prompts, config);
  GenerationConfig apart = config;
  apart.batch_tokens = 1;
  std::size_t enough = 0;
  {
    const ScarceMemory memory(SIZE_MAX);
    generate(golden.base(), nullptr, prompts, apart);
    enough = memory.largest();
  }
  {
    const ScarceMemory memory(enough);
    CHECK(same(generate(golden.base(), nullptr, prompts, config), expected));
    CHECK(memory.refusals() > 0);
    CHECK(memory.refusals() < 5);  // later batches know
  }
  constexpr int kTries = 20;
  std::int64_t requests = 0;
  {
    const ScarceMemory memory(SIZE_MAX);
    generate(golden.base(), nullptr, prompts, config);
    requests = memory.requests();
  }
  for (int i = 0; i < kTries; ++i) {
    ScarceMemory memory(SIZE_MAX);
    memory.refuse(i * requests / kTries);
    CHECK(same(generate(golden.base(), nullptr, prompts, config), expected));
    CHECK(memory.refusals() == 1);
  }
  const ScarceMemory memory(1000);
  CHECK_THROWS_WITH_AS(generate(golden.base(), nullptr, prompts, config),
                       doctest::Contains("by up to 8 tokens; a shorter prompt, a lower"),
                       RuntimeFailure);
}

TEST_CASE("sampling follows the seed") {
  const GoldenOpt golden("opt_prenorm");
  const auto prompts = random_prompts(3, 4);
  GenerationConfig config;
  config.max_new_tokens = 16;
  config.temperature = 1.0;
  const auto a = generate(golden.base(), nullptr, prompts, config);
  config.seed = 7;
  const auto b = generate(golden.base(), nullptr, prompts, config);
  CHECK(a[0].tokens != b[0].tokens);
}

TEST_CASE("text ends at a stop token, at the limit and at the last position") {
  const GoldenOpt golden("opt_prenorm");
  const Tokens prompt = random_prompts(4, 1).front();
  GenerationConfig config;
  config.max_new_tokens = 6;
  const auto free = generate(golden.base(), nullptr, {prompt}, config).front();
  REQUIRE(free.tokens.size() == 6);
  CHECK_FALSE(free.stopped);

  config.stop_tokens = {free.tokens[3]};
  const auto stopped = generate(golden.base(), nullptr, {prompt}, config).front();
  CHECK(stopped.stopped);
  const auto first = std::find(free.tokens.begin(), free.tokens.end(), free.tokens[3]);
  CHECK(stopped.tokens == Tokens(free.tokens.begin(), first));

  Random random(5, Purpose::schedule_test);
  config = {};
  config.max_new_tokens = 1000;
  const Tokens longest = random_prompt(random, 126);  // of 128 positions
  const auto full = generate(golden.base(), nullptr, {longest}, config).front();
  CHECK((full.stopped || full.tokens.size() == 3));
}

TEST_CASE("bad prompts and options are refused") {
  const GoldenOpt golden("opt_prenorm");
  const auto error = [&](const Tokens& prompt, const GenerationConfig& config) {
    try {
      generate(golden.base(), nullptr, {prompt}, config);
    } catch (const InputError& problem) {
      return std::string(problem.what());
    }
    return std::string();
  };
  CHECK(error({}, {}) == "prompt 1: has no tokens");
  CHECK(error(Tokens(129, 5), {}) == "prompt 1: has 129 tokens; the model has 128 positions");
  CHECK(error({512}, {}) == "prompt 1: token 512 is not one of the model's 512");
  GenerationConfig config;
  config.top_p = 0.0;
  CHECK(error({2}, config) == "top_p: must be above 0, at most 1");
  config = {};
  config.temperature = -1.0;
  CHECK(error({2}, config) == "temperature: must be 0 (greedy) or more");
}
