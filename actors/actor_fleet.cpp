#include "actors/actor_fleet.hpp"

#include <atomic>
#include <future>

#include "actors/aggregator_actor.hpp"
#include "actors/client_actor.hpp"
#include "actors/evaluator_actor.hpp"
#include "actors/head_actor.hpp"
#include "actors/host_actor.hpp"
#include "actors/slot_actor.hpp"
#include "actors/system_config.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {

struct ActorFleet::Actors {
  caf::actor_system& system;
  AggregatorHandle aggregator;
  EvaluatorHandle evaluator;
  HostHandle host;
  std::vector<SlotHandle> slots;
  std::vector<ClientHandle> clients;  ///< that train in this process
  HeadHandle head;
};

namespace {

constexpr std::chrono::seconds kHostsMayTake{3};

template <typename Actor, typename... Args>
auto spawn_worker(caf::actor_system& system, bool detached, Args&&... args) {
  return detached ? system.spawn<Actor, caf::detached>(std::forward<Args>(args)...)
                  : system.spawn<Actor>(std::forward<Args>(args)...);
}

}  // namespace

ActorFleet::ActorFleet(caf::actor_system& system, const FleetParts& parts)
    : actors_(std::make_unique<Actors>(Actors{system, {}, {}, {}, {}, {}, {}})) {
  for (std::size_t i = 0; i < parts.slots; ++i) {
    actors_->slots.push_back(
        spawn_worker<SlotActor>(system, parts.detached, parts.trainer, i, parts.slot_board));
  }
  actors_->evaluator =
      spawn_worker<EvaluatorActor>(system, parts.detached, parts.scorer, parts.detached);
  actors_->host = system.spawn<HostActor>(actors_->slots, parts.jobs_of_slot);
  const auto context = std::make_shared<const ClientContext>(
      ClientContext{parts.config.seed, parts.trainer, actors_->host});
  const std::size_t own = parts.slots > 0 ? parts.client_examples.size() : 0;
  actors_->clients.reserve(own);
  for (std::size_t i = 0; i < own; ++i) {
    actors_->clients.push_back(system.spawn<ClientActor>(
        sim::ClientId{static_cast<std::uint32_t>(i)}, parts.client_examples[i], context));
  }
  std::vector<ClientHandle> clients = actors_->clients;
  if (parts.head) {
    actors_->head = system.spawn<HeadActor>(HeadParts{*parts.head, actors_->clients});
    clients.assign(parts.client_examples.size(), ClientHandle(actors_->head));
  }
  FederationParts federation = parts.federation;
  federation.clients = parts.client_examples.size();
  actors_->aggregator = system.spawn<AggregatorActor>(
      AggregatorParts{parts.config, std::move(federation), std::move(clients), actors_->evaluator,
                      parts.observer, parts.checkpoints, parts.resumed});
}

ActorFleet::~ActorFleet() {
  const auto stop = [](const auto& actor) {
    if (actor) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  };
  if (actors_->head) {
    // Hosts that do not hear the farewell would wait for the head to come back.
    caf::scoped_actor self(actors_->system);
    self->request(actors_->head, kHostsMayTake, EndHosts{})
        .receive([](const HostsEnded&) {}, [](const caf::error&) {});
    stop(actors_->head);
  }
  stop(actors_->aggregator);
  stop(actors_->evaluator);
  stop(actors_->host);
  for (const auto& slot : actors_->slots)
    stop(slot);
  for (const auto& client : actors_->clients)
    stop(client);
}

void ActorFleet::start(std::function<void(RunEnd)> finished,
                       std::function<void(std::string)> failed) {
  auto& system = actors_->system;
  const auto watch = [finished = std::move(finished), failed = std::move(failed), &system](
                         caf::event_based_actor* self, const AggregatorHandle& aggregator,
                         const HeadHandle& head) {
    if (head) {
      // While it lives the aggregator waits for it; should it die, nobody else would notice.
      self->monitor(head);
      self->set_down_handler([self, failed](const caf::down_msg&) {
        self->quit();
        failed("the link to the hosts failed");
      });
    }
    self->request(aggregator, caf::infinite, StartRun{})
        .then(
            [finished](const RunFinished& end) {
              finished({end.adapter, end.totals, end.clients});
            },
            [failed, &system](const caf::error& failure) {
              std::string reason;
              if (failure.context().match_elements<std::string>()) {
                reason = failure.context().get_as<std::string>(0);
              } else {
                reason = system.render(failure);
              }
              failed(reason);
            });
  };
  system.spawn(watch, actors_->aggregator, actors_->head);
}

void ActorFleet::interrupt() {
  caf::anon_send(actors_->aggregator, InterruptRun{});
}

RunEnd run_fleet(const FleetParts& parts, int threads, std::stop_token stop) {
  SystemConfig system_config(std::make_shared<std::atomic<int>>(threads), parts.workers,
                             parts.head != nullptr);
  caf::actor_system system(system_config);

  std::promise<RunEnd> promise;
  auto future = promise.get_future();
  ActorFleet fleet(system, parts);
  fleet.start([&](RunEnd end) { promise.set_value(std::move(end)); },
              [&](std::string reason) {
                promise.set_exception(std::make_exception_ptr(RuntimeFailure(reason)));
              });
  const std::stop_callback on_stop(stop, [&] { fleet.interrupt(); });
  return future.get();
}

}  // namespace lorafleet::actors
