#include "model/evaluation/generation.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/DeviceGuard.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "model/device/device.hpp"
#include "model/device/device_turns.hpp"
#include "model/device/out_of_memory.hpp"
#include "model/evaluation/adapted_base.hpp"
#include "model/evaluation/sampling.hpp"
#include "model/network/layers/head_loss.hpp"
#include "model/network/layers/kv_cache.hpp"
#include "model/network/layers/packed_attention.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/network.hpp"
#include "model/network/packed_batch.hpp"
#include "model/network/step/step.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

using Tokens = std::vector<std::int64_t>;

/// Prompts that are continued together.
class GenerationBatch {
 public:
  GenerationBatch(const BaseModel& base, LoraLeaves* lora, std::span<const Tokens> prompts,
                  std::size_t first, const GenerationConfig& config, std::span<Generated> results)
      : base_(base),
        lora_(lora),
        prompts_(prompts),
        first_(first),
        config_(config),
        results_(results),
        cache_(base.network().attention(), static_cast<std::int64_t>(prompts.size()), capacity(),
               base.network().device()) {
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      rows_.push_back({i, static_cast<std::int64_t>(prompts[i].size()), 0, false});
    }
  }

  void run() {
    take(prefill());
    while (std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return !row.done; })) {
      drop_finished();
      take(step());
    }
  }

 private:
  struct Row {
    std::size_t prompt;
    std::int64_t length;  ///< tokens in the cache
    std::int64_t next;    ///< the token to put in
    bool done;
  };

  [[nodiscard]] std::int64_t capacity() const {
    std::size_t longest = 0;
    for (const auto& prompt : prompts_)
      longest = std::max(longest, prompt.size());
    return std::min(static_cast<std::int64_t>(longest) + config_.max_new_tokens,
                    base_.shape().positions);
  }

  [[nodiscard]] at::Tensor logits(const at::Tensor& h) const {
    return head_logits(h, base_.network().head).cpu().contiguous();
  }

  /// What goes into the head of the batch's labelled rows.
  [[nodiscard]] at::Tensor hidden(const PackedBatch& batch, const Attention& attention) const {
    const Network& network = base_.network();
    if (computes_on_host(network.device())) {
      return labelled_hidden(base_, lora_, batch, &attention);
    }
    // A GPU's step has rows by the thousand.
    DecoderInput input{index_tensor(batch.tokens), index_tensor(batch.positions)};
    if (batch.label_rows.size() < batch.tokens.size())
      input.wanted = index_tensor(batch.label_rows);
    input.lora = lora_;
    return network.forward(input, attention);
  }

  at::Tensor prefill() {
    PackedBatch batch;
    for (const auto& prompt : prompts_) {
      const std::vector<std::int32_t> tokens(prompt.begin(), prompt.end());
      batch.add(tokens, tokens.size());
    }
    for (std::size_t i = 1; i < batch.offsets.size(); ++i)
      batch.label_rows.push_back(batch.offsets[i] - 1);
    batch.labels.resize(prompts_.size());
    const Attention attention = [&](std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                                    const at::Tensor& v) {
      cache_.fill(layer, k, v, batch.offsets);
      return packed_attention(q, k, v, batch.offsets,
                              base_.network().attention()[static_cast<std::size_t>(layer)]);
    };
    return logits(hidden(batch, attention));
  }

  at::Tensor step() {
    PackedBatch batch;
    for (auto& row : rows_) {
      batch.label_rows.push_back(batch.offsets.back());
      batch.tokens.push_back(row.next);
      // Where a finished row computes along does not matter, as long as the place exists.
      batch.positions.push_back(std::min(row.length, base_.shape().positions - 1));
      batch.offsets.push_back(batch.offsets.back() + 1);
    }
    batch.labels.resize(rows_.size());
    const Attention attention = [&](std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                                    const at::Tensor& v) {
      return cache_.attend(layer, q, k, v, batch.positions);
    };
    const at::Tensor h = hidden(batch, attention);
    for (auto& row : rows_)
      row.length += row.done ? 0 : 1;
    return logits(h);
  }

  /// Chooses each unfinished row's next token from [rows, V].
  void take(const at::Tensor& logits) {
    const auto width = static_cast<std::size_t>(logits.size(1));
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      Row& row = rows_[i];
      if (row.done) continue;
      Generated& result = results_[row.prompt];
      Random random(config_.seed, Purpose::generation, first_ + row.prompt,
                    static_cast<std::uint64_t>(row.length));
      const double uniform = config_.temperature > 0.0 ? random.uniform() : 0.0;
      row.next = next_token({logits.data_ptr<float>() + i * width, width}, config_, uniform);
      result.stopped = stops(row.next);
      if (!result.stopped) result.tokens.push_back(row.next);
      const bool full = static_cast<std::int64_t>(result.tokens.size()) >= config_.max_new_tokens ||
                        row.length >= base_.shape().positions;
      row.done = result.stopped || full;
    }
  }

  [[nodiscard]] bool stops(std::int64_t token) const {
    return base_.shape().ends_with(token) ||
           std::find(config_.stop_tokens.begin(), config_.stop_tokens.end(), token) !=
               config_.stop_tokens.end();
  }

  /// Finished rows are computed along until a quarter is finished: copying the cache costs more.
  void drop_finished() {
    Tokens kept;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].done) kept.push_back(static_cast<std::int64_t>(i));
    }
    if (4 * kept.size() > 3 * rows_.size()) return;
    cache_.keep(kept);
    std::erase_if(rows_, [](const Row& row) { return row.done; });
  }

  const BaseModel& base_;
  LoraLeaves* lora_;
  std::span<const Tokens> prompts_;
  std::size_t first_;
  const GenerationConfig& config_;
  std::span<Generated> results_;
  KvCache cache_;
  std::vector<Row> rows_;
};

void check_prompts(const std::vector<Tokens>& prompts, const ModelShape& shape) {
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::string name = "prompt " + std::to_string(i + 1);
    if (prompts[i].empty()) throw InputError(name, "has no tokens");
    if (static_cast<std::int64_t>(prompts[i].size()) > shape.positions) {
      throw InputError(name, "has " + std::to_string(prompts[i].size()) +
                                 " tokens; the model has " + std::to_string(shape.positions) +
                                 " positions");
    }
    for (const std::int64_t token : prompts[i]) {
      if (token < 0 || token >= shape.vocabulary) {
        throw InputError(name, "token " + std::to_string(token) + " is not one of the model's " +
                                   std::to_string(shape.vocabulary));
      }
    }
  }
}

/// Each sequence gets as many as the longest.
std::int64_t cache_rows(std::span<const Tokens> prompts, const GenerationConfig& config) {
  std::size_t longest = 0;
  for (const Tokens& prompt : prompts)
    longest = std::max(longest, prompt.size());
  return static_cast<std::int64_t>(prompts.size()) *
         (static_cast<std::int64_t>(longest) + config.max_new_tokens);
}

/// How many of the first ones have at most `most_rows` rows; one at least.
std::size_t prompts_within(std::span<const Tokens> prompts, const GenerationConfig& config,
                           std::int64_t most_rows) {
  std::size_t count = 1;
  while (count < prompts.size() && cache_rows(prompts.first(count + 1), config) <= most_rows)
    ++count;
  return count;
}

std::vector<Generated> continued(const BaseModel& base, const AdapterPtr& adapter,
                                 std::span<const Tokens> prompts, const GenerationConfig& config) {
  const AdaptedBase adapted(base, adapter, at::kFloat);
  std::vector<Generated> results(prompts.size());
  std::int64_t most_rows = config.batch_tokens;
  bool alone = false;  // no memory for one prompt beside what else computes there
  for (std::size_t first = 0; first < prompts.size();) {
    const std::size_t count = prompts_within(prompts.subspan(first), config, most_rows);
    const auto batch = prompts.subspan(first, count);
    const auto own = std::span(results).subspan(first, count);
    try {
      const DeviceTurn turn(base.network().device().str(), alone);
      GenerationBatch(adapted.base(), adapted.lora(), batch, first, config, own).run();
      first += count;
      alone = false;
    } catch (const c10::Error& error) {
      if (alone || !is_out_of_memory(error)) throw;
      alone = count == 1;
      std::fill(own.begin(), own.end(), Generated());
      most_rows = cache_rows(batch, config) / 2;
    }
  }
  return results;
}

}  // namespace

std::vector<Generated> generate(const BaseModel& base, const AdapterPtr& adapter,
                                const std::vector<Tokens>& prompts,
                                const GenerationConfig& config) {
  if (base.shape().classifier) {
    throw InputError("model.path", "the base is a classifier (" + base.shape().family +
                                       "): it writes no text; allowed: a language model");
  }
  check_sampling(config);
  check_prompts(prompts, base.shape());
  const at::NoGradGuard no_grad;
  const c10::DeviceGuard on_device(base.network().device());
  try {
    return continued(base, adapter, prompts, config);
  } catch (const c10::Error& full) {
    if (!is_out_of_memory(full)) throw;
    throw RuntimeFailure("there is no memory to continue even one prompt at a time by up to " +
                         std::to_string(config.max_new_tokens) +
                         " tokens; a shorter prompt, a lower evaluation.max_new_tokens, or fewer "
                         "jobs beside it (slots.cohort, slots.count), needs less (" +
                         full.what_without_backtrace() + ")");
  }
}

}  // namespace lorafleet::model
