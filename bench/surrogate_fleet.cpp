// Client updates a second end to end: actors, messages, virtual clock, folds, with surrogate
// training; memory of resident client actors; and the cost of the event queue by its length. Usage:
// bench_surrogate_fleet [clients] [updates] [mode] [slots]

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "actors/federation.hpp"
#include "actors/sim/event_queue.hpp"
#include "model/device/process.hpp"
#include "partition/support/random.hpp"

namespace {

using namespace lorafleet;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of all threads. What other programs do to the machine changes it less than the wall time.
double cpu_seconds() {
  struct rusage used = {};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void measure_fleet(const std::string& mode, std::int64_t clients, std::int64_t concurrency,
                   std::int64_t updates, std::int64_t slots, const std::filesystem::path& out) {
  actors::FederationConfig config;
  config.name = "bench";
  config.train.kind = "surrogate";
  config.train.lr = 0.1;
  config.partition.clients = clients;
  config.surrogate.classes = 5;
  config.surrogate.width = 1;
  config.lora.r = 4;
  config.slots.count = slots;
  config.clients.concurrency = concurrency;
  config.clients.per_round = concurrency;
  config.aggregation.mode = mode;
  config.aggregation.buffer_size = 10;
  config.devices.jitter = sim::Distribution::lognormal(1.0, 0.5);
  config.evaluation.every_versions = 0;
  config.checkpoint = {0, 0.0};
  config.output.trace = false;
  config.stop.versions = 0;
  config.stop.updates = updates;
  actors::RunOptions options;
  options.out = out;
  options.log = [](const std::string&) {};
  options.warning = [](const std::string&) {};
  const auto start = Clock::now();
  const double cpu_before = cpu_seconds();
  const auto outcome = actors::run_federation(config, options);
  const double whole = seconds_since(start);
  const double cpu = cpu_seconds() - cpu_before;
  const double wall = outcome.figures.at("wall_seconds");
  std::printf(
      "%-9s %8ld clients %5ld in flight: %8.0f updates/s (%.2f s; with start and tables %.2f s), "
      "%.2f us of CPU an update, peak %.2f GB\n",
      mode.c_str(), static_cast<long>(clients), static_cast<long>(concurrency),
      outcome.figures.at("updates_received") / wall, wall, whole,
      cpu / outcome.figures.at("updates_received") * 1e6,
      outcome.figures.at("peak_rss_bytes") / 1e9);
  std::filesystem::remove_all(out);
}

void measure_queue() {
  Random random(1, Purpose::schedule_test);
  double base = 0.0;
  for (const std::size_t length : {1'000, 10'000, 100'000, 1'000'000}) {
    sim::EventQueue queue;
    std::uint64_t seq = 0;
    const auto push = [&](std::int64_t now) {
      ++seq;
      const auto delay = static_cast<std::int64_t>(random.below(1'000'000)) + 1;
      queue.push({{now + delay}, {{static_cast<std::uint32_t>(seq % length)}, {seq}}});
    };
    for (std::size_t i = 0; i < length; ++i)
      push(0);
    constexpr int kSteps = 2'000'000;
    const auto start = Clock::now();
    for (int i = 0; i < kSteps; ++i) {
      const auto now = queue.top().time.microseconds;
      queue.pop();
      push(now);
    }
    const double nanoseconds = seconds_since(start) / kSteps * 1e9;
    if (base == 0.0) base = nanoseconds;
    std::printf(
        "event queue of %8zu: %5.0f ns a pop and push, %.2f times the first; log ratio %.2f\n",
        length, nanoseconds, nanoseconds / base,
        std::log2(static_cast<double>(length)) / std::log2(1000.0));
  }
}

}  // namespace

int main(int argc, char** argv) {
  model::configure_process();
  const std::int64_t clients = argc > 1 ? std::atoll(argv[1]) : 10'000;
  const std::int64_t updates = argc > 2 ? std::atoll(argv[2]) : 300'000;
  const std::string only = argc > 3 ? argv[3] : "";
  const std::int64_t slots = argc > 4 ? std::atoll(argv[4]) : 0;
  const auto out = std::filesystem::temp_directory_path() / "lorafleet-bench-surrogate";
  std::filesystem::remove_all(out);
  for (const std::string mode : {"fedbuff", "fedasync", "sync"}) {
    if (only.empty() || only == mode) measure_fleet(mode, clients, 1000, updates, slots, out);
  }
  if (only.empty()) measure_queue();
}
