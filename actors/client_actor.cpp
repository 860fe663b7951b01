#include "actors/client_actor.hpp"

namespace lorafleet::actors {

namespace {

ClientUpdate update_of(sim::JobId id, const std::shared_ptr<const model::TrainResult>& result) {
  return {id, {result, &result->adapter}, result->stats, result->state};
}

std::string reason_of(const caf::error& failure) {
  if (failure.context().match_elements<std::string>()) {
    return failure.context().get_as<std::string>(0);
  }
  return caf::to_string(failure);
}

}  // namespace

ClientActor::ClientActor(caf::actor_config& config, sim::ClientId id, IndicesPtr examples,
                         std::shared_ptr<const ClientContext> context)
    : ClientHandle::base(config),
      id_(id),
      examples_(std::move(examples)),
      context_(std::move(context)) {}

ClientActor::behavior_type ClientActor::make_behavior() {
  return {[this](TrainRequest& order) { train(order); },
          [this](const AbandonJob& order) {
            if (!context_->trainer->is_instant()) send(context_->host, order);
          }};
}

void ClientActor::train(TrainRequest& order) {
  // Moved out, since all clients would count references to the same aggregator.
  const auto sink = caf::actor_cast<UpdateSink>(std::move(current_mailbox_element()->sender));
  model::TrainJob job{id_.value,
                      order.id.seq.value,
                      context_->run_seed,
                      order.version.value,
                      std::move(order.adapter),
                      examples_,
                      nullptr,
                      std::move(order.state),
                      order.trains};
  if (context_->trainer->is_instant()) {
    send(sink, update_of(order.id, std::make_shared<const model::TrainResult>(
                                       context_->trainer->train(job))));
    return;
  }
  request(context_->host, caf::infinite, QueueJob{order.arrival, std::move(job)})
      .then(
          [this, sink, id = order.id](const JobResult& done) {
            if (done.result != nullptr) send(sink, update_of(id, done.result));
          },
          [this, sink, id = order.id](const caf::error& failure) {
            send(sink, JobFailed{id, reason_of(failure)});
          });
}

}  // namespace lorafleet::actors
