#include "actors/aggregator_actor.hpp"

#include "actors/coordinator/coordinator_state.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {

AggregatorActor::AggregatorActor(caf::actor_config& config, AggregatorParts parts)
    : AggregatorHandle::base(config), parts_(std::move(parts)) {
  CoordinatorEffects& effects = *this;
  coordinator_ = std::make_unique<Coordinator>(parts_.config, parts_.federation, effects);
}

AggregatorActor::behavior_type AggregatorActor::make_behavior() {
  return {[this](StartRun) {
            answer_ = make_response_promise<RunFinished>();
            started_ = true;
            guarded([this] {
              start();
              if (interrupted_) interrupt();
            });
            return answer_;
          },
          [this](InterruptRun) {
            interrupted_ = true;
            if (started_) guarded([this] { interrupt(); });
          },
          [this](ClientUpdate& update) {
            if (held_.empty() && unscored_.size() <= kMostUnscored) {
              guarded([&] { coordinator_->deliver(std::move(update)); });
            } else {
              held_.push_back(std::move(update));
              guarded([this] { deliver_held(); });
            }
          },
          [this](const JobFailed& failure) {
            fail(caf::make_error(caf::sec::runtime_error, failure.reason));
          }};
}

void AggregatorActor::on_exit() {
  parts_.clients.clear();
  parts_.evaluator = nullptr;
}

void AggregatorActor::start() {
  if (!parts_.resumed) {
    coordinator_->start();
    return;
  }
  const auto resumed = std::move(parts_.resumed);
  last_evaluated_ = resumed->last_evaluated;
  last_fully_ = resumed->last_fully;
  for (const auto& [version, adapter, fully] : resumed->unscored)
    unscored_.push_back({version, adapter, fully});
  if (!unscored_.empty()) score_next();
  coordinator_->resume(resumed->coordinator);
}

void AggregatorActor::interrupt() {
  if (coordinator_->finished()) return;
  if (parts_.checkpoints) write_checkpoint();
  while (unscored_.size() > 1)
    unscored_.pop_back();
  if (!unscored_.empty()) {
    last_evaluated_ = unscored_.front().version;
    last_fully_ = unscored_.front().fully;
  }
  coordinator_->interrupt();
}

void AggregatorActor::train(TrainRequest order) {
  const ClientHandle& client = parts_.clients[order.id.client.value];
  send(client, std::move(order));
}

void AggregatorActor::abandon(sim::JobId id) {
  send(parts_.clients[id.client.value], AbandonJob{id});
}

void AggregatorActor::publish(sim::Version version, sim::VirtualTime time,
                              const model::AdapterPtr& adapter) {
  const auto& evaluation = parts_.config.evaluation;
  const auto every = static_cast<std::uint64_t>(evaluation.text_every_versions);
  const bool fully = !evaluation.metrics.empty() && every > 0 && version.value % every == 0;
  parts_.observer->on_version(version, time, coordinator_->totals());
  if (fully || evaluation_is_due(evaluation, version)) evaluate(version, adapter, fully);
}

void AggregatorActor::record(const Event& event) {
  parts_.observer->on_event(event, coordinator_->totals());
}

void AggregatorActor::version_boundary(const Coordinator& coordinator) {
  if (!parts_.checkpoints) return;
  const auto& config = parts_.config.checkpoint;
  const auto every = static_cast<std::uint64_t>(config.every_versions);
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - checkpointed_at_;
  const bool by_versions = every > 0 && coordinator.totals().versions % every == 0;
  const bool by_time = config.every_seconds > 0.0 && since.count() >= config.every_seconds;
  if (by_versions || by_time) write_checkpoint();
}

void AggregatorActor::write_checkpoint() {
  RunCheckpoint checkpoint;
  checkpoint.coordinator = coordinator_->save();
  for (const auto& order : unscored_)
    checkpoint.unscored.push_back({order.version, order.adapter, order.fully});
  checkpoint.last_evaluated = last_evaluated_;
  checkpoint.last_fully = last_fully_;
  checkpoint.recorder = parts_.observer->settle();
  parts_.checkpoints->write(checkpoint);
  checkpointed_at_ = std::chrono::steady_clock::now();
}

template <typename Step>
void AggregatorActor::guarded(const Step& step) {
  if (answered_) return;
  try {
    step();
    finish_if_done();
  } catch (const std::exception& failure) {
    fail(caf::make_error(caf::sec::runtime_error, message_of(failure)));
  }
}

void AggregatorActor::deliver_held() {
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
              coordinator_->score(scored.version, scored.evaluation->total.perplexity());
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
  answer_.deliver(
      RunFinished{coordinator_->adapter(), coordinator_->totals(), coordinator_->clients_own()});
}

void AggregatorActor::fail(caf::error failure) {
  if (answered_) return;
  answered_ = true;
  answer_.deliver(std::move(failure));
}

}  // namespace lorafleet::actors
