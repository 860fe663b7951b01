#include "model/training/batching.hpp"

#include <algorithm>
#include <string>

#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

bool fits(std::int32_t label, const ModelShape& shape) {
  return shape.classifier && label < shape.classifier->labels;
}

}  // namespace

std::int64_t count_tokens(const EncodedData& data, std::span<const std::uint32_t> examples) {
  std::int64_t tokens = 0;
  for (const std::uint32_t example : examples) {
    tokens += static_cast<std::int64_t>(data.length(example));
  }
  return tokens;
}

std::vector<std::span<const std::uint32_t>> split_by_tokens(const EncodedData& data,
                                                            std::span<const std::uint32_t> examples,
                                                            std::int64_t most_tokens) {
  std::vector<std::span<const std::uint32_t>> parts;
  std::size_t first = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto length = static_cast<std::int64_t>(data.length(examples[i]));
    if (i > first && tokens + length > most_tokens) {
      parts.push_back(examples.subspan(first, i - first));
      first = i;
      tokens = 0;
    }
    tokens += length;
  }
  if (first < examples.size()) parts.push_back(examples.subspan(first));
  return parts;
}

BatchPlan plan_batches(const EncodedData& data, std::span<const std::uint32_t> examples,
                       const TrainConfig& train, std::uint64_t run_seed, std::uint64_t client,
                       std::uint64_t seq) {
  Indices order;
  std::copy_if(examples.begin(), examples.end(), std::back_inserter(order),
               [&](std::uint32_t example) { return data.length(example) > 0; });
  BatchPlan plan;
  if (order.empty()) return plan;

  Random random(run_seed, Purpose::batch_order, client, seq);
  const auto steps = static_cast<std::size_t>(train.steps);
  for (std::int64_t epoch = 0; steps > 0 || epoch < train.epochs; ++epoch) {
    random.shuffle(order);
    std::int64_t tokens = 0;
    bool first = true;
    for (const std::uint32_t example : order) {
      const auto length = static_cast<std::int64_t>(data.length(example));
      const bool full =
          first ||
          (train.batch_size > 0 ? static_cast<std::int64_t>(plan.back().size()) == train.batch_size
                                : tokens + length > train.batch_tokens);
      if (full) {
        if (steps > 0 && plan.size() == steps) return plan;
        plan.emplace_back();
        tokens = 0;
        first = false;
      }
      plan.back().push_back(example);
      tokens += length;
    }
    if (steps > 0 && plan.size() == steps) return plan;
  }
  return plan;
}

JobSize job_size(const EncodedData& data, std::span<const std::uint32_t> examples,
                 const TrainConfig& train, std::uint64_t run_seed, std::uint64_t client,
                 std::uint64_t seq) {
  JobSize size;
  size.examples = static_cast<std::int64_t>(examples.size());
  for (const auto& batch : plan_batches(data, examples, train, run_seed, client, seq)) {
    size.tokens += count_tokens(data, batch);
  }
  return size;
}

void check_fits(const EncodedData& data, const ModelShape& shape) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (static_cast<std::int64_t>(data.length(i)) > shape.positions) {
      throw InputError("data", "example " + std::to_string(i) + " has " +
                                   std::to_string(data.length(i)) + " tokens, the model takes " +
                                   std::to_string(shape.positions) + "; lower data.max_tokens");
    }
    if (const auto label = data.label(i); label && !fits(*label, shape)) {
      throw InputError(
          "data", "example " + std::to_string(i) + " is of class " + std::to_string(*label) +
                      ", the model " +
                      (shape.classifier
                           ? "tells " + std::to_string(shape.classifier->labels) + " apart, from 0"
                           : "is no classifier"));
    }
    if (shape.classifier && data.length(i) > 0 && !data.label(i)) {
      throw InputError("data", "example " + std::to_string(i) + " has no class for the classifier");
    }
    for (const std::int32_t token : data.tokens(i)) {
      if (token < 0 || token >= shape.vocabulary) {
        throw InputError("data", "example " + std::to_string(i) + " has token " +
                                     std::to_string(token) + ", the model's vocabulary has " +
                                     std::to_string(shape.vocabulary) +
                                     ": tokenizer and model do not belong together");
      }
    }
  }
}

}  // namespace lorafleet::model
