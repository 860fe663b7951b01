#include "actors/dry_run.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "partition/support/hash.hpp"

namespace lorafleet::actors {

namespace {

class InstantTraining final : public CoordinatorEffects {
 public:
  void train(const TrainRequest& order) override { orders_.push_back(order); }
  void abandon(sim::ClientId, sim::Sequence) override {}
  void publish(sim::Version, sim::VirtualTime, const model::AdapterPtr&) override {}

  void record(const Event& event) override {
    hash_.update(to_json_line(event) + '\n');
    if (const auto* job = std::get_if<JobDispatched>(&event.what)) {
      if (job->trained) tokens_[job->seq] = job->tokens;
    } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
      staleness_.push_back(arrived->staleness);
      ++updates_[arrived->client];
    }
  }

  void answer_all(Coordinator& coordinator) {
    while (!coordinator.finished() && !orders_.empty()) {
      const TrainRequest order = std::move(orders_.front());
      orders_.pop_front();
      model::TrainStats stats;
      const auto tokens = tokens_.extract(order.seq);
      if (!tokens.empty()) stats.tokens = tokens.mapped();
      coordinator.deliver({order.client, order.seq, order.adapter, stats});
    }
  }

  void report(const sim::Fleet& devices, Schedule& schedule) const {
    schedule.events_sha256 = hash_.hex();
    schedule.clients = static_cast<std::int64_t>(devices.clients());
    schedule.clients_used = static_cast<std::int64_t>(updates_.size());
    schedule.tier_names = devices.tier_names();
    schedule.updates_by_tier.assign(devices.tier_names().size(), 0);
    for (const auto& [client, count] : updates_) {
      schedule.updates_by_tier[devices.profile(client).tier] += count;
    }
    double sum = 0.0;
    for (const auto staleness : staleness_) {
      sum += static_cast<double>(staleness);
      schedule.max_staleness = std::max(schedule.max_staleness, staleness);
    }
    if (!staleness_.empty()) schedule.mean_staleness = sum / static_cast<double>(staleness_.size());
  }

 private:
  Sha256 hash_;
  std::deque<TrainRequest> orders_;
  std::map<sim::Sequence, std::int64_t> tokens_;
  std::map<sim::ClientId, std::int64_t> updates_;
  std::vector<std::uint64_t> staleness_;
};

}  // namespace

Schedule simulate_schedule(const FederationConfig& config, const sim::Fleet& devices,
                           const JobSizer& sizer, double train_flops_per_token,
                           const model::AdapterPtr& adapter) {
  FederationConfig actual = config;
  actual.partition.clients = static_cast<std::int64_t>(devices.clients());
  InstantTraining training;
  Coordinator coordinator(actual, sizer, train_flops_per_token, adapter, training);
  coordinator.start();
  training.answer_all(coordinator);
  Schedule schedule;
  schedule.totals = coordinator.totals();
  training.report(devices, schedule);
  return schedule;
}

}  // namespace lorafleet::actors
