// What training several clients in the same pass over the base gains: tokens a second by the size
// of the cohort, and whether a client's update has the same bytes in each (bench/README.md).
//
//   bench_cohorts [MODEL_FOLDER [DTYPE [COHORTS [SECONDS [TOKENS [SLOTS]]]]]]
//
// COHORTS as 1,4,16,32, one on each of SLOTS threads; TOKENS of a client's step.
// LORAFLEET_BENCH_DEVICE says where (cpu); LORAFLEET_BENCH_TRACE=FOLDER: a trace of a round of each
// cohort's goes there instead of timings.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "bench/support/trace.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/network/base_model.hpp"
#include "model/network/flops.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"

namespace {

using namespace lorafleet;
using namespace lorafleet::model;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kSteps = 8;

struct Options {
  std::string folder = "scenarios/base/opt-mini";
  std::string dtype = "bfloat16";
  std::vector<std::size_t> cohorts = {1, 4, 16, 32};
  double seconds = 5.0;
  std::int64_t tokens = 1024;
  std::size_t slots = 1;
  std::string device = "cpu";
};

Options options_of(int argc, char** argv) {
  Options options;
  if (argc > 1) options.folder = argv[1];
  if (argc > 2) options.dtype = argv[2];
  if (argc > 3) {
    options.cohorts.clear();
    std::istringstream parts(argv[3]);
    for (std::string part; std::getline(parts, part, ',');)
      options.cohorts.push_back(static_cast<std::size_t>(std::max(1, std::atoi(part.c_str()))));
  }
  if (argc > 4) options.seconds = std::max(0.1, std::atof(argv[4]));
  if (argc > 5) options.tokens = std::max(16, std::atoi(argv[5]));
  if (argc > 6) options.slots = static_cast<std::size_t>(std::max(1, std::atoi(argv[6])));
  if (const char* device = std::getenv("LORAFLEET_BENCH_DEVICE")) options.device = device;
  return options;
}

/// q and v, or what holds them.
std::vector<std::string> attention_inputs(const ModelShape& shape) {
  std::vector<std::string> targets;
  for (const LinearShape& linear : shape.layer_linears) {
    using enum LinearRole;
    if (linear.role == query || linear.role == value || linear.role == query_key_value)
      targets.push_back(linear.target());
  }
  return targets;
}

/// Of a sequence's tokens, those that are learned: an answer's.
constexpr double kLabelShare = 0.15;

/// Steps of 8 examples of one length, the last of whose tokens are labels.
struct Work {
  BaseModelPtr base;
  std::shared_ptr<const EncodedData> data;
  LoraConfig lora;
  TrainConfig train;
  AdapterPtr start;
  std::vector<IndicesPtr> clients;
  std::int64_t job_tokens = 0;

  Work(const Options& options, std::size_t count)
      : base(BaseModel::load({options.folder, options.dtype}, options.device)) {
    const ModelShape& shape = base->shape();
    lora.r = 8;
    lora.target_modules = attention_inputs(shape);
    constexpr std::size_t kExamples = 8;
    const auto length = static_cast<std::size_t>(std::clamp<std::int64_t>(
        options.tokens / static_cast<std::int64_t>(kExamples), 2, shape.positions));
    train.batch_size = kExamples;
    train.batch_tokens = 1 << 20;
    train.steps = kSteps;
    train.base_dropout = "none";
    job_tokens = static_cast<std::int64_t>(kSteps * kExamples * length);
    Random random(7, Purpose::sample);
    auto all = std::make_shared<EncodedData>();
    for (std::size_t client = 0; client < count; ++client) {
      Indices examples;
      for (std::size_t i = 0; i < kExamples * kSteps; ++i) {
        std::vector<std::int32_t> tokens(length);
        for (auto& token : tokens)
          token =
              static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
        examples.push_back(static_cast<std::uint32_t>(all->size()));
        const auto labels_from =
            length - std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(
                                                  kLabelShare * static_cast<double>(length))));
        all->add(tokens, labels_from, labels_from);
      }
      clients.push_back(std::make_shared<const Indices>(examples));
    }
    data = std::move(all);
    start = std::make_shared<const Adapter>(initial_adapter(make_layout(shape, lora), 1));
  }

  [[nodiscard]] TrainJob job(std::size_t client) const {
    TrainJob job;
    job.client = static_cast<std::uint32_t>(client);
    job.run_seed = 1;
    job.start = start;
    job.examples = clients[client];
    return job;
  }
};

/// The output layer's products serve the labels' rows alone.
double useful_flops_per_token(const ModelShape& shape) {
  const double head =
      4.0 * static_cast<double>(shape.embedding) * static_cast<double>(shape.vocabulary);
  return train_flops_per_token(shape) - (1.0 - kLabelShare) * head;
}

/// The updates of the first clients, trained side by side.
std::vector<std::vector<float>> round(Cohort& cohort, const Work& work, std::size_t clients) {
  for (std::size_t client = 0; client < clients; ++client)
    cohort.add(client, work.job(client));
  std::vector<std::vector<float>> updates(clients);
  for (std::size_t ended = 0; ended < clients;) {
    for (Cohort::Ended& own : cohort.advance()) {
      if (own.failure) std::rethrow_exception(own.failure);
      updates[own.ticket] = std::move(own.result.adapter.values);
      ++ended;
    }
  }
  return updates;
}

/// Of all slots together; each has a thread.
double tokens_per_second(const std::vector<std::unique_ptr<Cohort>>& cohorts, const Work& work,
                         std::size_t size, double seconds) {
  std::atomic<std::int64_t> tokens = 0;
  const auto began = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  std::vector<std::future<void>> slots;
  for (const auto& cohort : cohorts) {
    slots.push_back(std::async(std::launch::async, [&] {
      configure_thread(1);
      while (passed() < seconds) {
        round(*cohort, work, size);
        tokens += work.job_tokens * static_cast<std::int64_t>(size);
      }
    }));
  }
  for (std::future<void>& slot : slots)
    slot.get();
  return static_cast<double>(tokens) / passed();
}

/// Of the GPU's memory, what is taken; 0 without one.
double gigabytes_in_use() {
  std::size_t free = 0, total = 0;
  void* const info = loaded("cudaMemGetInfo");
  if (info == nullptr ||
      reinterpret_cast<int (*)(std::size_t*, std::size_t*)>(info)(&free, &total) != 0) {
    return static_cast<double>(peak_rss_bytes()) * 1e-9;
  }
  return static_cast<double>(total - free) * 1e-9;
}

void measure(const Options& options) {
  const Work work(options, *std::max_element(options.cohorts.begin(), options.cohorts.end()));
  const auto trainer = make_lora_trainer(work.base, work.data, work.lora, work.train);
  const double flops = useful_flops_per_token(work.base->shape());
  std::printf("%s, %s, on %s; %lld tokens a step, %.0f %% labels, r = 8 on %s\n",
              options.folder.c_str(), options.dtype.c_str(),
              runtime_info(options.device).device.c_str(),
              static_cast<long long>(work.job_tokens / static_cast<std::int64_t>(kSteps)),
              100.0 * kLabelShare, join(work.lora.target_modules, " ").c_str());
  std::printf("%8s %12s %10s %12s %10s  %s\n", "cohort", "tokens/s", "of 1st", "TFLOP/s",
              "GB in use", "client 0's update");
  std::vector<float> first;
  double slowest = 0.0;
  for (const std::size_t size : options.cohorts) {
    std::vector<std::unique_ptr<Cohort>> cohorts;
    for (std::size_t slot = 0; slot < options.slots; ++slot)
      cohorts.push_back(trainer->cohort(slot));
    for (const auto& own : cohorts)
      round(*own, work, size);  // warm-up
    Cohort* const cohort = cohorts.front().get();
    const std::vector<float> update = round(*cohort, work, size).front();
    if (first.empty()) first = update;
    if (const char* folder = std::getenv("LORAFLEET_BENCH_TRACE")) {
      bench::trace(std::string(folder) + "/cohort-" + std::to_string(size) + ".json",
                   [&] { round(*cohort, work, size); });
      continue;
    }
    const double speed = tokens_per_second(cohorts, work, size, options.seconds);
    if (slowest == 0.0) slowest = speed;
    std::printf("%8zu %12.0f %9.2fx %12.2f %10.2f  %s\n", size, speed, speed / slowest,
                speed * flops * 1e-12, gigabytes_in_use(),
                update == first ? "same bytes" : "OTHER BYTES");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    configure_process();
    configure_thread(1);
    measure(options_of(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
