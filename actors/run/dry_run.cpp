#include "actors/run/dry_run.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "actors/run/run_audit.hpp"
#include "actors/run/run_warnings.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::actors {

namespace {

class InstantTraining final : public CoordinatorEffects {
 public:
  explicit InstantTraining(RunAudit& audit) : audit_(audit) {}
  void train(TrainRequest order) override { orders_.push_back(std::move(order)); }
  void abandon(sim::JobId) override {}
  void publish(sim::Version, sim::VirtualTime, const model::AdapterPtr&) override {}

  void record(const Event& event) override {
    hash_.update(to_json_line(event) + '\n');
    audit_.add(event);
    if (const auto* job = std::get_if<JobDispatched>(&event.what)) {
      if (job->trained) tokens_[job->id.seq] = job->tokens;
    } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
      ++received_;
      staleness_sum_ += arrived->staleness;
      max_staleness_ = std::max(max_staleness_, arrived->staleness);
      waiting_[arrived->tier.value_or(0)][arrived->id.seq] = arrived->id.client;
    } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
      for (auto& [tier, updates] : waiting_)
        updates.erase(lost->id.seq);
    } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
      auto& folded = waiting_[made->tier.value_or(0)];
      for (const auto& [seq, client] : folded)
        ++applied_[client];
      folded.clear();
    }
  }

  void answer_all(Coordinator& coordinator) {
    while (!coordinator.finished() && !orders_.empty()) {
      const TrainRequest order = std::move(orders_.front());
      orders_.pop_front();
      model::TrainStats stats;
      const auto tokens = tokens_.extract(order.id.seq);
      if (!tokens.empty()) stats.tokens = tokens.mapped();
      coordinator.deliver({order.id, order.adapter, stats});
    }
  }

  void report(const sim::Fleet& devices, Schedule& schedule) const {
    schedule.events_sha256 = hash_.hex();
    schedule.clients = static_cast<std::int64_t>(devices.clients());
    schedule.clients_used = static_cast<std::int64_t>(applied_.size());
    schedule.tier_names = devices.tier_names();
    schedule.updates_by_tier.assign(devices.tier_names().size(), 0);
    for (const auto& [client, count] : applied_) {
      schedule.updates_by_tier[devices.profile(client).tier] += count;
    }
    schedule.max_staleness = max_staleness_;
    if (received_ > 0) {
      schedule.mean_staleness =
          static_cast<double>(staleness_sum_) / static_cast<double>(received_);
    }
  }

 private:
  RunAudit& audit_;
  Sha256 hash_;
  std::deque<TrainRequest> orders_;
  std::map<sim::Sequence, std::int64_t> tokens_;
  /// Arrived and not folded yet, by tier.
  std::map<std::uint64_t, std::map<sim::Sequence, sim::ClientId>> waiting_;
  std::map<sim::ClientId, std::int64_t> applied_;  ///< updates by client
  std::uint64_t received_ = 0;
  std::uint64_t staleness_sum_ = 0;
  std::uint64_t max_staleness_ = 0;
};

}  // namespace

Schedule simulate_schedule(const FederationConfig& config, Learning learning, const Note& warning) {
  std::vector<bool> has_examples(learning.clients());
  for (std::size_t c = 0; c < learning.clients(); ++c)
    has_examples[c] = learning.examples(c) > 0;
  RunAudit audit(std::move(has_examples));
  InstantTraining training(audit);
  FederationParts parts = std::move(learning.federation);
  parts.is_scored = false;
  // Nothing changes, so there is nothing to measure, and no rule may alter what costs time.
  parts.reports_folds = false;
  parts.clients = learning.clients();
  Coordinator coordinator(config, std::move(parts), training);
  coordinator.start();
  training.answer_all(coordinator);
  Schedule schedule;
  schedule.totals = coordinator.totals();
  training.report(*learning.devices, schedule);
  for (const auto& line : audit.warnings(config))
    warning(line);
  return schedule;
}

Schedule dry_run(const FederationConfig& config, const RunOptions& options) {
  Learning learning = prepare_learning(config, {}, options.log, options.warning);
  learning.federation.world = make_world(config, learning);
  for (const auto& line : warnings_before(config, learning, *learning.federation.world, 1))
    options.warning(line);
  return simulate_schedule(config, std::move(learning), options.warning);
}

}  // namespace lorafleet::actors
