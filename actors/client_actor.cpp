#include "actors/client_actor.hpp"

namespace lorafleet::actors {

ClientActor::ClientActor(caf::actor_config& config, sim::ClientId id, std::uint64_t run_seed,
                         std::shared_ptr<const std::vector<std::uint32_t>> examples,
                         HostHandle host)
    : ClientHandle::base(config),
      id_(id),
      run_seed_(run_seed),
      examples_(std::move(examples)),
      host_(std::move(host)) {}

ClientActor::behavior_type ClientActor::make_behavior() {
  return {
      [this](const TrainRequest& order) {
        auto promise = make_response_promise<ClientUpdate>();
        model::TrainJob job{id_.value,           order.seq.value, run_seed_,
                            order.version.value, order.adapter,   examples_};
        request(host_, caf::infinite, QueueJob{order.arrival, std::move(job)})
            .then(
                [this, promise, seq = order.seq](const JobResult& done) mutable {
                  ClientUpdate update{id_, seq, nullptr, {}};
                  if (done.result != nullptr) {
                    update.adapter = {done.result, &done.result->adapter};
                    update.stats = done.result->stats;
                  }
                  promise.deliver(std::move(update));
                },
                [promise](caf::error& failure) mutable { promise.deliver(std::move(failure)); });
        return promise;
      },
      [this](const AbandonJob& order) { send(host_, order); }};
}

}  // namespace lorafleet::actors
