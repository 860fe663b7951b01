#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "partition/examples/example.hpp"
#include "partition/examples/measures.hpp"
#include "partition/partitioner.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::tests {

/// `count` examples e0, e1, ... whose contexts have 1 to 100 words, with an independent score
/// "votes" from 0 to 96, ten groups, seven owners and six colours.
inline std::vector<partition::Example> make_examples(std::size_t count) {
  std::vector<partition::Example> examples(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& e = examples[i];
    e.id = "e" + std::to_string(i);
    e.target = "target";
    e.group = std::string("g") + std::to_string(i * 7 % 10);
    e.client = std::string("owner") + std::to_string(i * i % 7);
    for (std::size_t w = 0; w <= i * 37 % 100; ++w) {
      e.context += "word ";
    }
    e.attributes["colour"] = std::string("colour ") + std::to_string(i * 11 % 6);
    e.quality["votes"] = static_cast<double>(i * 13 % 97);
  }
  return examples;
}

inline Indices all_of(const std::vector<partition::Example>& examples) {
  Indices indices(examples.size());
  std::iota(indices.begin(), indices.end(), 0U);
  return indices;
}

inline std::size_t count_tokens(const partition::Example& e) {
  return partition::count_words(e.context);
}

inline partition::SkewConfig skew(const std::string& by, double alpha, std::int64_t bins = 5) {
  partition::SkewConfig config;
  config.by = by;
  config.alpha = alpha;
  config.bins = bins;
  config.quality = "votes";
  config.attribute = "colour";
  return config;
}

inline partition::PartitionConfig settings(std::int64_t clients, std::int64_t min_examples,
                                           std::vector<partition::SkewConfig> skews) {
  partition::PartitionConfig config;
  config.clients = clients;
  config.min_examples = min_examples;
  config.skews = std::move(skews);
  return config;
}

}  // namespace lorafleet::tests
