#include "model/evaluation/sequence_scores.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/DeviceGuard.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <memory>
#include <string>

#include "model/device/device_turns.hpp"
#include "model/device/out_of_memory.hpp"
#include "model/evaluation/adapted_base.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/network.hpp"
#include "model/network/step/head_pass.hpp"
#include "model/network/step/step.hpp"
#include "model/training/batching.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

void count(std::vector<ClassCount>& classes, std::int64_t wanted, std::int64_t chosen) {
  ++classes[static_cast<std::size_t>(wanted)].wanted;
  ++classes[static_cast<std::size_t>(chosen)].chosen;
  if (wanted == chosen) ++classes[static_cast<std::size_t>(wanted)].right;
}

void score_batch(const BaseModel& base, LoraLeaves* lora, const EncodedData& data,
                 std::span<const std::uint32_t> examples, std::vector<Score>& scores) {
  const PackedBatch batch = pack(data, examples);
  at::Tensor losses, correct, choices;
  if (!batch.labels.empty()) {
    JobRows jobs;
    jobs.add(lora, static_cast<std::int64_t>(batch.labels.size()));
    std::vector<FactorGradients> none;
    const HeadResult head = head_pass({base.network(), jobs, BatchDropout()},
                                      labelled_hidden(base, lora, batch), batch.labels, {}, none);
    losses = head.losses.cpu();
    correct = head.correct.cpu();
    if (head.choices.defined()) choices = head.choices.cpu();
  }
  std::size_t label = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    Score score;
    score.examples = 1;
    const std::int64_t last_row = batch.offsets[i + 1];
    for (; label < batch.labels.size() && batch.label_rows[label] < last_row; ++label) {
      score.loss_sum += losses.data_ptr<double>()[label];
      score.correct += correct.data_ptr<bool>()[label] ? 1 : 0;
      ++score.label_tokens;
      if (!choices.defined()) continue;
      score.classes.resize(static_cast<std::size_t>(base.shape().classifier.value().labels));
      count(score.classes, batch.labels[label], choices.data_ptr<std::int64_t>()[label]);
    }
    scores.push_back(score);
  }
}

/// As many at a time as make `most_tokens` tokens; where the device has no memory for so many, half
/// of them from then on, and for one while nothing else computes there.
void score_parts(const BaseModel& base, LoraLeaves* lora, const EncodedData& data,
                 std::span<const std::uint32_t> examples, std::int64_t& most_tokens,
                 std::vector<Score>& scores) {
  for (const auto part : split_by_tokens(data, examples, most_tokens)) {
    const std::int64_t tokens = count_tokens(data, part);
    bool fits = part.size() == 1 || tokens <= most_tokens;
    if (fits) {
      try {
        const DeviceTurn turn(base.network().device().str(), false);
        score_batch(base, lora, data, part, scores);
      } catch (const c10::Error& error) {
        if (!is_out_of_memory(error)) throw;
        fits = false;
        most_tokens = std::max<std::int64_t>(1, tokens / 2);
      }
    }
    if (fits) continue;
    if (part.size() > 1) {
      score_parts(base, lora, data, part, most_tokens, scores);
    } else {
      const DeviceTurn turn(base.network().device().str(), true);
      score_batch(base, lora, data, part, scores);
    }
  }
}

std::vector<Score> score_all(const BaseModel& base, const AdapterPtr& adapter,
                             const EncodedData& data, std::span<const std::uint32_t> examples,
                             std::int64_t batch_tokens) {
  const AdaptedBase adapted(base, adapter, base.network().working_type());
  std::vector<Score> scores;
  score_parts(adapted.base(), adapted.lora(), data, examples, batch_tokens, scores);
  return scores;
}

}  // namespace

std::vector<Score> score_sequences(const BaseModel& base, const AdapterPtr& adapter,
                                   const EncodedData& data, std::span<const std::uint32_t> examples,
                                   std::int64_t batch_tokens) {
  const at::NoGradGuard no_grad;
  const c10::DeviceGuard on_device(base.network().device());
  try {
    return score_all(base, adapter, data, examples, batch_tokens);
  } catch (const c10::Error& full) {
    if (!is_out_of_memory(full)) throw;
    throw RuntimeFailure(std::string("there is no memory to score even one example at a time; a "
                                     "lower data.max_tokens, or fewer jobs beside it "
                                     "(slots.cohort, slots.count), needs less (") +
                         full.what_without_backtrace() + ")");
  }
}

}  // namespace lorafleet::model
