// Tokens per second of greedy generation with the key-value cache, and with a whole pass for each
// token, for batches of 1, 16 and 64 prompts.
//
//   bench_generation [MODEL_FOLDER [NEW_TOKENS [PROMPT_TOKENS]]]

#include "model/evaluation/generation.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "model/device/process.hpp"
#include "partition/support/random.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/support/test_device.hpp"

namespace {

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;
using Clock = std::chrono::steady_clock;
using Tokens = std::vector<std::int64_t>;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<Tokens> random_prompts(const ModelShape& shape, std::size_t count, std::size_t length) {
  Random random(7, Purpose::sample);
  std::vector<Tokens> prompts(count);
  for (auto& prompt : prompts) {
    for (std::size_t i = 0; i < length; ++i) {
      prompt.push_back(
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary))));
    }
  }
  return prompts;
}

std::int64_t count_tokens(const std::vector<Generated>& results) {
  std::int64_t tokens = 0;
  for (const auto& result : results)
    tokens += static_cast<std::int64_t>(result.tokens.size());
  return tokens;
}

/// The same tokens from one new token at a time: each call passes over all that is there.
std::int64_t generate_without_cache(const BaseModel& base, std::vector<Tokens> sequences,
                                    GenerationConfig config, std::int64_t new_tokens) {
  config.max_new_tokens = 1;
  std::int64_t tokens = 0;
  for (std::int64_t step = 0; step < new_tokens && !sequences.empty(); ++step) {
    const auto results = generate(base, nullptr, sequences, config);
    tokens += count_tokens(results);
    std::vector<Tokens> rest;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      if (results[i].stopped) continue;
      sequences[i].push_back(results[i].tokens.front());
      rest.push_back(std::move(sequences[i]));
    }
    sequences = std::move(rest);
  }
  return tokens;
}

void measure(const BaseModel& base, std::size_t count, std::size_t length,
             std::int64_t new_tokens) {
  const auto prompts = random_prompts(base.shape(), count, length);
  GenerationConfig config;
  config.max_new_tokens = new_tokens;
  auto start = Clock::now();
  const std::int64_t cached = count_tokens(generate(base, nullptr, prompts, config));
  const double cached_speed = static_cast<double>(cached) / seconds_since(start);
  start = Clock::now();
  const std::int64_t whole = generate_without_cache(base, prompts, config, new_tokens);
  const double whole_speed = static_cast<double>(whole) / seconds_since(start);
  std::printf("%7zu %8lld %10.0f %10.0f %7.2f\n", count, static_cast<long long>(cached),
              cached_speed, whole_speed, cached_speed / whole_speed);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    configure_process();
    configure_thread(1);
    const std::string model = argc > 1 ? argv[1] : "scenarios/base/opt-mini";
    const std::int64_t new_tokens = argc > 2 ? std::atoll(argv[2]) : 64;
    const std::size_t length = argc > 3 ? static_cast<std::size_t>(std::atoll(argv[3])) : 64;
    const auto base = BaseModel::load({model, "float32"}, tests::bench_device());
    generate(*base, nullptr, random_prompts(base->shape(), 1, length), {});  // warm up
    std::printf("%7s %8s %10s %10s %7s\n", "prompts", "tokens", "cache", "no cache", "ratio");
    for (const std::size_t count : {1, 16, 64})
      measure(*base, count, length, new_tokens);
    std::printf("tokens/s of prompts of %zu tokens; peak RSS %.0f MB\n", length,
                static_cast<double>(peak_rss_bytes()) * 1e-6);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
