#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/coordinator/coordinator.hpp"
#include "actors/coordinator/coordinator_state.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::tests {

/// One module of 8 values: a message of 32 bytes.
inline model::LayoutPtr tiny_layout() {
  return std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"q_proj", 2, 2, 2, 2.0, false}});
}

inline model::AdapterPtr flat_adapter(float value) {
  const auto layout = tiny_layout();
  return std::make_shared<const model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), value)});
}

/// Links on which a message of 32 bytes takes 1 s down and 2 s up, devices of one token a second: a
/// job of n tokens takes n + 3 s. Client c has c + 1 examples.
inline actors::FederationConfig tiny_config(std::int64_t clients) {
  actors::FederationConfig config;
  config.seed = 5;
  config.partition.clients = clients;
  config.devices.tiers = {{"only", 1.0, sim::Distribution::constant(1.0), 0.0, 0.0, 0.0}};
  config.network.download_mbps = sim::Distribution::constant(0.000256);
  config.network.upload_mbps = sim::Distribution::constant(0.000128);
  config.network.latency_seconds = sim::Distribution::constant(0.0);
  config.clients.per_round = clients;
  config.clients.concurrency = clients;
  config.aggregation.lora_report = false;
  config.aggregation.weighting = "uniform";
  config.aggregation.staleness = {"constant", 0.0, 0.0};
  return config;
}

inline actors::JobSizer sizes(std::vector<std::int64_t> tokens_by_client) {
  return [tokens = std::move(tokens_by_client)](sim::JobId job) {
    return model::JobSize{job.client.value + 1, tokens[job.client.value % tokens.size()]};
  };
}

/// Jobs neither applied nor dropped: on their way, or arrived and waiting to be folded.
inline std::size_t in_flight(const actors::Coordinator& coordinator) {
  const auto state = coordinator.save();
  std::size_t count = state.jobs.size();
  for (const auto& lane : state.lanes)
    count += lane.waiting.size();
  return count;
}

/// A run whose jobs are trained by a formula: w_k = w_base + (client + 1), loss = 1 / seq.
class FakeRun final : public actors::CoordinatorEffects {
 public:
  using Training = std::function<float(const actors::TrainRequest&, std::size_t index)>;

  FakeRun(const actors::FederationConfig& config, actors::JobSizer sizer)
      : FakeRun(config, actors::FederationParts{std::move(sizer), 0.0, flat_adapter(0.0f)}) {}
  FakeRun(const actors::FederationConfig& config, const actors::FederationParts& parts)
      : sizer_(parts.sizer), coordinator_(config, parts, *this) {}

  Training training = [](const actors::TrainRequest& job, std::size_t index) {
    return job.adapter->values[index] + static_cast<float>(job.id.client.value + 1);
  };
  /// Trains instead of `training`, if given, with the clients' private states.
  std::shared_ptr<const model::Trainer> trainer;
  bool answer_at_once = false;  ///< deliver inside the call of train
  std::vector<actors::TrainRequest> pending;
  std::vector<actors::Event> events;
  std::vector<model::AdapterPtr> published;
  std::string effects;  ///< all calls in their order
  std::size_t trainings = 0;
  bool keep_states = false;
  /// At each version boundary, with the number of events before it.
  std::vector<std::pair<actors::CoordinatorState, std::size_t>> states;

  [[nodiscard]] actors::ClientUpdate trained(const actors::TrainRequest& job) const {
    if (trainer) {
      model::TrainJob own{job.id.client.value, job.id.seq.value, 0,
                          job.version.value,   job.adapter,      nullptr};
      own.state = job.state;
      own.trains = job.trains;
      auto result = trainer->train(own);
      return {job.id, std::make_shared<model::Adapter>(std::move(result.adapter)), result.stats,
              std::move(result.state)};
    }
    auto adapter = std::make_shared<model::Adapter>(*job.adapter);
    for (std::size_t i = 0; i < adapter->values.size(); ++i)
      adapter->values[i] = training(job, i);
    model::TrainStats stats;
    const auto size = sizer_(job.id);
    stats.examples = size.examples;
    stats.tokens = size.tokens;
    stats.loss = 1.0 / static_cast<double>(job.id.seq.value);
    return {job.id, std::move(adapter), stats};
  }

  /// Answers in the order of the requests.
  FakeRun& run() {
    coordinator_.start();
    deliver_all();
    return *this;
  }
  FakeRun& resume(const actors::CoordinatorState& state) {
    coordinator_.resume(state);
    deliver_all();
    return *this;
  }
  void version_boundary(const actors::Coordinator& coordinator) override {
    if (keep_states) states.emplace_back(coordinator.save(), events.size());
  }
  void deliver_all() {
    while (!pending.empty())
      deliver_at(0);
  }
  /// Answers one pending job after the other, whichever the seed says.
  FakeRun& run_shuffled(std::uint64_t seed) {
    Random random(seed, Purpose::schedule_test);
    coordinator_.start();
    while (!pending.empty())
      deliver_at(random.below(pending.size()));
    return *this;
  }
  void deliver_at(std::size_t position) {
    const auto job = pending[position];
    pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(position));
    coordinator_.deliver(trained(job));
  }

  void train(actors::TrainRequest job) override {
    ++trainings;
    effects += "train " + std::to_string(job.id.client.value) + ' ' +
               std::to_string(job.id.seq.value) + ' ' + std::to_string(job.version.value) + '\n';
    if (answer_at_once) {
      coordinator_.deliver(trained(job));
    } else {
      pending.push_back(job);
    }
  }
  void abandon(sim::JobId id) override {
    effects +=
        "abandon " + std::to_string(id.client.value) + ' ' + std::to_string(id.seq.value) + '\n';
  }
  void publish(sim::Version version, sim::VirtualTime time,
               const model::AdapterPtr& adapter) override {
    effects += "publish " + std::to_string(version.value) + ' ' +
               std::to_string(time.microseconds) + ' ' + model::sha256(*adapter) + '\n';
    published.push_back(adapter);
  }
  void record(const actors::Event& event) override {
    events.push_back(event);
    effects += actors::to_json_line(event) + '\n';
  }

  /// The events as lines of events.jsonl.
  [[nodiscard]] std::string log() const {
    std::string lines;
    for (const auto& event : events)
      lines += actors::to_json_line(event) + '\n';
    return lines;
  }
  /// What happened, short: "4 a0" is an arrival of client 0 at 4 s; v: version, l: lost, f: round
  /// failed, s: stop.
  [[nodiscard]] std::vector<std::string> story() const;

  actors::Coordinator& coordinator() { return coordinator_; }
  [[nodiscard]] const actors::RunTotals& totals() const { return coordinator_.totals(); }
  [[nodiscard]] float value() const { return coordinator_.adapter()->values.front(); }

 private:
  actors::JobSizer sizer_;
  actors::Coordinator coordinator_;
};

namespace detail {
struct Teller {
  std::string operator()(const actors::JobDispatched&) const { return {}; }
  std::string operator()(const actors::UpdateArrived& e) const {
    return "a" + std::to_string(e.id.client.value) + " tau" + std::to_string(e.staleness);
  }
  std::string operator()(const actors::UpdateLost& e) const {
    return "l" + std::to_string(e.id.client.value) + ' ' + e.reason;
  }
  std::string operator()(const actors::JobUnfinished&) const { return {}; }
  std::string operator()(const actors::VersionMade& e) const {
    return "v" + std::to_string(e.version.value) + " of " + std::to_string(e.updates);
  }
  std::string operator()(const actors::RoundFailed& e) const {
    return "f" + std::to_string(e.version.value) + " of " + std::to_string(e.updates);
  }
  std::string operator()(const actors::RunStopped& e) const { return "s " + e.reason; }
};
}  // namespace detail

inline std::vector<std::string> FakeRun::story() const {
  std::vector<std::string> told;
  for (const auto& event : events) {
    const std::string what = std::visit(detail::Teller{}, event.what);
    if (what.empty()) continue;
    std::string time = std::to_string(event.time.microseconds / 100'000);
    if (time.size() == 1) time.insert(0, 1, '0');
    time.insert(time.size() - 1, 1, '.');
    told.push_back(time + ' ' + what);
  }
  return told;
}

}  // namespace lorafleet::tests
