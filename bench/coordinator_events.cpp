// Updates a second of the coordinator alone: fake training with an adapter of 8 values.
// Usage: bench_coordinator_events [updates a run]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>

#include "actors/coordinator/coordinator.hpp"

namespace {

using namespace lorafleet;

/// Answers each request with the adapter that it carries, in the order of the requests.
class Echo final : public actors::CoordinatorEffects {
 public:
  void train(actors::TrainRequest request) override { pending.push_back(std::move(request)); }
  void abandon(sim::JobId) override {}
  void publish(sim::Version, sim::VirtualTime, const model::AdapterPtr&) override {}
  void record(const actors::Event&) override { ++events; }

  std::deque<actors::TrainRequest> pending;
  std::int64_t events = 0;
};

void measure(const std::string& mode, std::int64_t clients, std::int64_t concurrency,
             std::int64_t updates) {
  actors::FederationConfig config;
  config.partition.clients = clients;
  config.clients.concurrency = concurrency;
  config.clients.per_round = concurrency;
  config.aggregation.mode = mode;
  config.aggregation.buffer_size = 10;
  config.aggregation.lora_report = false;
  config.devices.jitter = sim::Distribution::lognormal(1.0, 0.5);
  config.availability.drop_probability = 0.05;
  config.stop.versions = 0;
  config.stop.updates = updates;

  const auto layout = std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"q_proj", 2, 2, 2, 2.0, false}});
  const auto initial = std::make_shared<const model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), 0.5f)});

  Echo echo;
  actors::Coordinator coordinator(config,
                                  {[](sim::JobId) {
                                     return model::JobSize{10, 1000};
                                   },
                                   0.0, initial},
                                  echo);
  const auto start = std::chrono::steady_clock::now();
  coordinator.start();
  while (!coordinator.finished()) {
    const actors::TrainRequest request = std::move(echo.pending.front());
    echo.pending.pop_front();
    model::TrainStats stats;
    stats.tokens = 1000;
    coordinator.deliver({request.id, request.adapter, stats});
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const auto& totals = coordinator.totals();
  std::printf("%-9s %8ld clients %6ld in flight: %9.0f updates/s, %9.0f events/s\n", mode.c_str(),
              static_cast<long>(clients), static_cast<long>(concurrency),
              static_cast<double>(totals.updates_received) / wall.count(),
              static_cast<double>(echo.events) / wall.count());
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t updates = argc > 1 ? std::atoll(argv[1]) : 300'000;
  for (const std::int64_t clients : {1'000, 100'000}) {
    for (const char* mode : {"fedbuff", "fedasync", "sync"}) {
      measure(mode, clients, clients / 2 < 1'000 ? clients / 2 : 1'000, updates);
    }
  }
}
