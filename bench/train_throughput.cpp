// Tokens per second of local training: one slot, two slots at a time, and the padded form of the
// same work.
//
//   bench_train_throughput [MODEL_FOLDER [SECONDS]]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "model/adapter/lora_layout.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/network/base_model.hpp"
#include "model/network/flops.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/padded_batch.hpp"
#include "tests/support/test_device.hpp"

namespace {

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kBatchTokens = 2048;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Random tokens with the lengths of encoded WordNet definitions: about log-normal, median 110, of
/// which some 18 are the target.
EncodedData random_data(const ModelShape& shape, std::size_t count) {
  Random random(7, Purpose::sample);
  EncodedData data;
  for (std::size_t i = 0; i < count; ++i) {
    const auto target = static_cast<std::size_t>(8 + random.below(22));
    const double prompt = std::exp(4.5 + 0.5 * random.normal());
    const auto length = std::min<std::size_t>(256, static_cast<std::size_t>(prompt) + target);
    std::vector<std::int32_t> tokens(length);
    for (auto& token : tokens) {
      token = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
    }
    data.add(tokens, length - target, length - target);
  }
  return data;
}

/// Trains until the time is over; tokens a second.
double packed_speed(const Trainer& trainer, const AdapterPtr& start, std::size_t examples,
                    std::uint32_t client, double seconds) {
  configure_thread(1);
  Indices all(examples);
  std::iota(all.begin(), all.end(), 0u);
  TrainJob job{client, 0, 1, 0, start, std::make_shared<const Indices>(all)};
  const auto began = Clock::now();
  std::int64_t tokens = 0;
  while (seconds_since(began) < seconds) {
    tokens += trainer.train(job).stats.tokens;
    ++job.seq;
  }
  return static_cast<double>(tokens) / seconds_since(began);
}

/// The usual way: batches of 16 in random order, padded to their longest, all logits. Real tokens a
/// second.
double padded_speed(const BaseModel& base, const EncodedData& data, const Adapter& adapter,
                    double seconds) {
  constexpr std::size_t kBatchSize = 16;
  const auto began = Clock::now();
  std::int64_t tokens = 0;
  for (std::size_t first = 0; seconds_since(began) < seconds; first += kBatchSize) {
    PaddedBatch batch;
    batch.rows = kBatchSize;
    for (std::size_t i = 0; i < kBatchSize; ++i) {
      batch.columns = std::max(batch.columns,
                               static_cast<std::int64_t>(data.length((first + i) % data.size())));
    }
    for (std::size_t i = 0; i < kBatchSize; ++i) {
      const std::size_t example = (first + i) % data.size();
      for (std::size_t c = 0; c < static_cast<std::size_t>(batch.columns); ++c) {
        const bool real = c < data.length(example);
        batch.tokens.push_back(real ? data.tokens(example)[c] : 1);
        batch.mask.push_back(real ? 1 : 0);
        batch.labels.push_back(real && c >= data.label_start(example) ? data.tokens(example)[c]
                                                                      : -100);
      }
      tokens += static_cast<std::int64_t>(data.length(example));
    }
    padded_loss_of(base, adapter, batch);
  }
  return static_cast<double>(tokens) / seconds_since(began);
}

/// q and v, or what holds them; and all linear layers.
std::vector<std::vector<std::string>> adapted_modules(const ModelShape& shape) {
  std::vector<std::string> few;
  for (const LinearShape& linear : shape.layer_linears) {
    const bool attends = linear.role == LinearRole::query || linear.role == LinearRole::value ||
                         linear.role == LinearRole::query_key_value;
    if (attends) few.push_back(linear.target());
  }
  return {few, {"all-linear"}};
}

void measure(const BaseModelPtr& base, const std::string& dtype,
             const std::vector<std::string>& modules, double seconds) {
  const auto data = std::make_shared<const EncodedData>(random_data(base->shape(), 200));
  LoraConfig lora;
  lora.target_modules = modules;
  TrainConfig train;
  train.batch_tokens = kBatchTokens;
  const auto trainer = make_lora_trainer(base, data, lora, train);
  const auto start =
      std::make_shared<const Adapter>(initial_adapter(make_layout(base->shape(), lora), 1));
  packed_speed(*trainer, start, data->size(), 0, 0.5);  // warm up

  const double one = packed_speed(*trainer, start, data->size(), 0, seconds);
  double speeds[2] = {};
  std::thread second([&] { speeds[1] = packed_speed(*trainer, start, data->size(), 1, seconds); });
  speeds[0] = packed_speed(*trainer, start, data->size(), 0, seconds);
  second.join();
  const double padded = padded_speed(*base, *data, *start, seconds);
  std::printf("%-9s %-40s %8.0f %8.0f %8.0f %7.2f %8.1f\n", dtype.c_str(),
              join(modules, " ").c_str(), one, speeds[0] + speeds[1], padded, one / padded,
              one * train_flops_per_token(base->shape()) * 1e-9);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (std::getenv("LORAFLEET_BENCH_PLAIN_MALLOC") == nullptr) configure_process();
    configure_thread(1);
    const std::string model = argc > 1 ? argv[1] : "scenarios/base/opt-mini";
    const double seconds = argc > 2 ? std::atof(argv[2]) : 5.0;
    const RuntimeInfo info = runtime_info();
    std::printf("%s; LibTorch %s (%s), %s\n", info.cpu.c_str(), info.libtorch.c_str(),
                info.isa.c_str(), info.blas.c_str());
    std::printf("%-9s %-40s %8s %8s %8s %7s %8s\n", "dtype", "modules", "1 slot", "2 slots",
                "padded", "ratio", "GFLOPS*");
    for (const char* dtype : {"float32", "bfloat16"}) {
      const auto base = BaseModel::load({model, dtype}, tests::bench_device());
      for (const auto& modules : adapted_modules(base->shape()))
        measure(base, dtype, modules, seconds);
    }
    std::printf(
        "tokens/s; * one slot, as if each token went through the whole head; peak RSS %.0f MB\n",
        static_cast<double>(peak_rss_bytes()) * 1e-6);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
