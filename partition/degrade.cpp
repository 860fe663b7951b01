#include "partition/degrade.hpp"

#include <algorithm>
#include <cmath>

#include "partition/examples/measures.hpp"
#include "partition/examples/words.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::partition {

namespace {

std::string join_words(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::string shuffle_words(std::uint32_t index, const Spoiling& with, Random& random) {
  auto words = split_words(with.contexts[index]);
  random.shuffle(words);
  return join_words(words);
}

std::string drop_words(std::uint32_t index, const Spoiling& with, Random& random) {
  const auto words = split_words(with.contexts[index]);
  if (words.empty()) return "";
  const std::size_t survivor = random.below(words.size());
  std::vector<std::string_view> kept;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool dropped = random.bernoulli(with.strength);
    if (i == survivor || !dropped) kept.push_back(words[i]);
  }
  return join_words(kept);
}

std::string swap_context(std::uint32_t index, const Spoiling& with, Random& random) {
  if (with.training.size() < 2) return with.contexts[index];
  std::uint32_t other = index;
  while (other == index) {
    other = with.training[random.below(with.training.size())];
  }
  return with.contexts[other];
}

std::string truncate(std::uint32_t index, const Spoiling& with, Random&) {
  auto words = split_words(with.contexts[index]);
  if (words.empty()) return "";
  const auto kept = std::llround((1.0 - with.strength) * static_cast<double>(words.size()));
  words.resize(static_cast<std::size_t>(std::max<long long>(kept, 1)));
  return join_words(words);
}

const Degradation& find_kind(const std::string& name) {
  for (const auto& kind : degradations()) {
    if (kind.name == name) return kind;
  }
  throw InputError("data.degrade.kind",
                   "unknown kind \"" + name + "\"; known: " + join(known_degradations()));
}

void check_fraction(const std::string& key, double value) {
  if (!(value >= 0.0 && value <= 1.0)) {
    throw InputError("data.degrade." + key,
                     "is " + std::to_string(value) + "; a number from 0 to 1 was expected");
  }
}

/// The training examples to spoil: the `count` with the smallest draws of their own streams.
Indices choose_degraded(const Indices& training, std::size_t count, std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> draws;
  for (const auto index : training) {
    draws.emplace_back(Random(seed, Purpose::degradation, index, 0).bits(), index);
  }
  std::sort(draws.begin(), draws.end());
  Indices chosen;
  for (std::size_t i = 0; i < count; ++i) {
    chosen.push_back(draws[i].second);
  }
  return chosen;
}

}  // namespace

const std::vector<Degradation>& degradations() {
  static const std::vector<Degradation> kKinds = {
      {.name = "none"},
      {.name = "shuffle_words", .spoil = shuffle_words},
      {.name = "drop_words", .spoil = drop_words, .removes_words = true},
      {.name = "swap_context", .spoil = swap_context},
      {.name = "truncate", .spoil = truncate, .removes_words = true}};
  return kKinds;
}

std::vector<std::string> known_degradations() {
  std::vector<std::string> names;
  for (const auto& kind : degradations()) {
    names.push_back(kind.name);
  }
  return names;
}

bool degrades(const DegradeConfig& config) {
  return find_kind(config.kind).spoil != nullptr;
}

void degrade(std::vector<Example>& examples, const Indices& training, const DegradeConfig& config,
             std::uint64_t seed) {
  const Degradation& kind = find_kind(config.kind);
  check_fraction("share", config.share);
  check_fraction("strength", config.strength);
  if (kind.spoil == nullptr) return;

  std::vector<std::string> contexts;
  contexts.reserve(examples.size());
  for (const auto& example : examples) {
    contexts.push_back(example.context);
  }
  for (const auto index : training) {
    examples[index].quality["degraded"] = 0.0;
  }
  const Spoiling with{contexts, training, config.strength};
  const auto count = std::llround(config.share * static_cast<double>(training.size()));
  for (const auto index : choose_degraded(training, static_cast<std::size_t>(count), seed)) {
    Random random(seed, Purpose::degradation, index, 1);
    auto& example = examples[index];
    example.context = kind.spoil(index, with, random);
    example.quality["degraded"] = 1.0;
    if (const auto given = example.quality.find(kCoverage); given != example.quality.end()) {
      given->second = coverage(example.target, example.context);
    }
  }
}

}  // namespace lorafleet::partition
