#include "actors/aggregator_actor.hpp"

namespace lorafleet::actors {

AggregatorActor::AggregatorActor(caf::actor_config& config, AggregatorParts parts)
    : AggregatorHandle::base(config), parts_(std::move(parts)) {
  CoordinatorEffects& effects = *this;
  coordinator_ = std::make_unique<Coordinator>(
      parts_.config, parts_.sizer, parts_.train_flops_per_token, parts_.initial, effects);
}

AggregatorActor::behavior_type AggregatorActor::make_behavior() {
  return {[this](StartRun) {
            answer_ = make_response_promise<RunFinished>();
            started_ = true;
            guarded([this] {
              coordinator_->start();
              if (interrupted_) coordinator_->interrupt();
            });
            return answer_;
          },
          [this](InterruptRun) {
            interrupted_ = true;
            if (!started_) return;
            guarded([this] {
              while (unscored_.size() > 1)
                unscored_.pop_back();
              if (!unscored_.empty()) {
                last_evaluated_ = unscored_.front().version;
                last_fully_ = unscored_.front().fully;
              }
              coordinator_->interrupt();
            });
          }};
}

void AggregatorActor::on_exit() {
  parts_.clients.clear();
  parts_.evaluator = nullptr;
}

void AggregatorActor::train(const TrainRequest& order) {
  request(parts_.clients[order.client.value], caf::infinite, order)
      .then(
          [this](ClientUpdate& update) {
            if (update.adapter == nullptr) return;  // abandoned before it was trained
            held_.push_back(std::move(update));
            guarded([this] { deliver_held(); });
          },
          [this](caf::error& failure) { fail(std::move(failure)); });
}

void AggregatorActor::abandon(sim::ClientId client, sim::Sequence seq) {
  send(parts_.clients[client.value], AbandonJob{client, seq});
}

void AggregatorActor::publish(sim::Version version, sim::VirtualTime time,
                              const model::AdapterPtr& adapter) {
  const auto is_due = [version](std::int64_t every) {
    return every > 0 && version.value % static_cast<std::uint64_t>(every) == 0;
  };
  const auto& evaluation = parts_.config.evaluation;
  const bool fully = !evaluation.metrics.empty() && is_due(evaluation.text_every_versions);
  parts_.observer->on_version(version, time, coordinator_->totals());
  if (version.value == 0 || fully || is_due(evaluation.every_versions)) {
    evaluate(version, adapter, fully);
  }
}

void AggregatorActor::record(const Event& event) {
  parts_.observer->on_event(event, coordinator_->totals());
}

void AggregatorActor::guarded(const std::function<void()>& step) {
  if (answered_) return;
  try {
    step();
    finish_if_done();
  } catch (const std::exception& failure) {
    fail(caf::make_error(caf::sec::runtime_error, std::string(failure.what())));
  }
}

void AggregatorActor::deliver_held() {
  constexpr std::size_t kMostUnscored = 32;
  while (!held_.empty() && unscored_.size() <= kMostUnscored) {
    ClientUpdate update = std::move(held_.front());
    held_.pop_front();
    coordinator_->deliver(std::move(update));
  }
}

void AggregatorActor::evaluate(sim::Version version, const model::AdapterPtr& adapter, bool fully) {
  last_evaluated_ = version;
  last_fully_ = fully;
  unscored_.push_back({version, adapter, fully});
  if (unscored_.size() == 1) score_next();
}

void AggregatorActor::score_next() {
  request(parts_.evaluator, caf::infinite, unscored_.front())
      .then(
          [this](const VersionEvaluated& scored) {
            guarded([&] {
              parts_.observer->on_evaluation(scored.version, *scored.evaluation);
              unscored_.pop_front();
              if (!unscored_.empty()) score_next();
              deliver_held();
            });
          },
          [this](caf::error& failure) { fail(std::move(failure)); });
}

void AggregatorActor::finish_if_done() {
  if (!coordinator_->finished()) return;
  held_.clear();
  const sim::Version last{coordinator_->totals().versions};
  const bool want_metrics = !parts_.config.evaluation.metrics.empty();
  if (last_evaluated_ != last || (want_metrics && !last_fully_)) {
    evaluate(last, coordinator_->adapter(), want_metrics);
  }
  if (!unscored_.empty()) return;
  answered_ = true;
  answer_.deliver(RunFinished{coordinator_->adapter(), coordinator_->totals()});
}

void AggregatorActor::fail(caf::error failure) {
  if (answered_) return;
  answered_ = true;
  answer_.deliver(std::move(failure));
}

}  // namespace lorafleet::actors
