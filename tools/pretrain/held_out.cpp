#include "tools/pretrain/held_out.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "model/evaluation/sequence_scores.hpp"
#include "model/network/base_model.hpp"
#include "model/text/encoded_data.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "tools/pretrain/corpus.hpp"
#include "tools/pretrain/parallel.hpp"

namespace lorafleet::pretrain {
namespace {

constexpr std::int64_t kLongest = 512;
/// Windows that a thread scores at a time.
constexpr std::size_t kTogether = 8;

model::EncodedData cut(const std::vector<std::uint16_t>& stream, std::int32_t end,
                       std::size_t length) {
  model::EncodedData data;
  for (std::size_t start = 0; start < stream.size(); start += length - 1) {
    std::vector<std::int32_t> window = {end};
    for (std::size_t i = start; i < std::min(start + length - 1, stream.size()); ++i)
      window.push_back(stream[i]);
    data.add(window, 1, 0);
  }
  return data;
}

}  // namespace

HeldOutScore score_held_out(const std::filesystem::path& base, const std::filesystem::path& corpus,
                            std::size_t threads) {
  model::ModelConfig config;
  config.path = base;
  const model::BaseModelPtr network = model::BaseModel::load(config);
  const auto tokenizer = model::Tokenizer::load(base);
  const std::int32_t end = network->shape().end();
  const auto text = read_corpus(corpus, *tokenizer, end, threads);
  if (text.held_out.empty()) throw InputError(corpus.string(), "has no held-out document");
  const auto length = static_cast<std::size_t>(std::min(kLongest, network->shape().positions));
  const model::EncodedData data = cut(text.held_out, end, length);
  const std::size_t parts = (data.size() + kTogether - 1) / kTogether;
  std::vector<model::Score> scores(parts);
  in_parallel(threads, parts, [&](std::size_t, std::size_t part) {
    Indices windows(std::min(kTogether, data.size() - part * kTogether));
    std::iota(windows.begin(), windows.end(), static_cast<std::uint32_t>(part * kTogether));
    const auto each = model::score_sequences(*network, nullptr, data, windows,
                                             static_cast<std::int64_t>(kTogether * length));
    for (const model::Score& score : each)
      scores[part] += score;
  });
  model::Score all;
  for (const model::Score& score : scores)
    all += score;
  return {all.loss(), all.label_tokens};
}

}  // namespace lorafleet::pretrain
