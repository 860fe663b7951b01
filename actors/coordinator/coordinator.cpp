#include "actors/coordinator/coordinator.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "actors/coordinator/coordinator_impl.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {
namespace {

constexpr double kLongestRunSeconds = 1e12;

std::size_t client_count(const FederationConfig& config) {
  partition::PartitionConfig::kClients.require("partition.clients",
                                               static_cast<double>(config.partition.clients));
  return static_cast<std::size_t>(config.partition.clients);
}

FederationParts with_world(FederationParts parts, const FederationConfig& config) {
  if (parts.world) return parts;
  const std::size_t clients = parts.clients > 0 ? parts.clients : client_count(config);
  parts.world = std::make_shared<sim::World>(config.devices, config.network, config.availability,
                                             clients, config.seed, parts.train_flops_per_token);
  return parts;
}

void check(const FederationConfig& config, bool is_scored) {
  const auto& stop = config.stop;
  using strategy::StopConfig;
  StopConfig::kLimit.require("stop.versions", static_cast<double>(stop.versions));
  StopConfig::kLimit.require("stop.updates", static_cast<double>(stop.updates));
  StopConfig::kLimit.require("stop.virtual_seconds", stop.virtual_seconds);
  if (stop.versions == 0 && stop.updates == 0 && stop.virtual_seconds == 0.0) {
    throw InputError("stop", "one of versions, virtual_seconds, updates must be above 0");
  }
  if (is_scored && stop.target_perplexity > 0.0 && config.evaluation.every_versions < 1) {
    throw InputError("stop.target_perplexity", "needs evaluation.every_versions of at least 1");
  }
  sim::AvailabilityConfig::kDropProbability.require("availability.drop_probability",
                                                    config.availability.drop_probability);
  strategy::AggregationConfig::kMaxStaleness.require(
      "aggregation.max_staleness", static_cast<double>(config.aggregation.max_staleness));
}

}  // namespace

Coordinator::State::State(const FederationConfig& config_, FederationParts parts_,
                          CoordinatorEffects& effects_)
    : config(config_),
      parts(with_world(std::move(parts_), config)),
      effects(effects_),
      world(*parts.world),
      mode(strategy::modes().at(config.aggregation.mode)),
      policy(mode.make(config.clients, config.aggregation)),
      selection(strategy::selections().make(config.clients.selection, config.clients)),
      aggregator(config.aggregation, config.clients, parts.reports_folds),
      robust(config.aggregation),
      messages(aggregator.rule(), config.network, parts.initial->layout, parts.layouts,
               parts.message_bytes),
      jobs(world.clients()) {
  adapter = parts.initial;
  check(config, parts.is_scored);
  if (config.stop.virtual_seconds > 0.0) {
    time_limit = sim::VirtualTime{} + sim::VirtualDuration::from_seconds(std::min(
                                          config.stop.virtual_seconds, kLongestRunSeconds));
  }
  std::size_t trainable = 0;
  with_examples.resize(world.clients());
  for (std::size_t c = 0; c < world.clients(); ++c) {
    const std::int64_t own = parts.sizer({{static_cast<std::uint32_t>(c)}, next_seq}).examples;
    with_examples[c] = own > 0;
    most = std::max(most, own);
    if (own > 0) ++trainable;
  }
  if (trainable < policy->least_clients() * policy->lanes()) {
    throw InputError("partition.clients",
                     std::to_string(trainable) + " clients have examples, but mode " +
                         config.aggregation.mode + " needs at least " +
                         std::to_string(policy->least_clients() * policy->lanes()) +
                         " of them for a version");
  }
  if (trainable == world.clients()) with_examples.clear();
  assign_lanes();
  for (std::size_t c = 0; c < world.clients(); ++c) {
    const sim::ClientId client{static_cast<std::uint32_t>(c)};
    if (has_examples(client) && world.online(client)) lane_of(client).eligible.insert(client);
  }
}

/// Ranks the clients by the expected time of a job and cuts the ranking into lanes of equal size.
void Coordinator::State::assign_lanes() {
  const std::size_t count = policy->lanes();
  lanes.assign(count, Lane(world.clients()));
  if (count == 1) return;
  std::vector<std::uint32_t> order(world.clients());
  std::iota(order.begin(), order.end(), 0u);
  std::erase_if(order, [&](std::uint32_t c) { return !has_examples({c}); });
  std::vector<double> seconds(world.clients());
  for (const std::uint32_t c : order)
    seconds[c] = expected_seconds({c});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return seconds[a] < seconds[b]; });
  lane_numbers.assign(world.clients(), 0);
  for (std::size_t place = 0; place < order.size(); ++place) {
    lane_numbers[order[place]] = static_cast<std::uint16_t>(place * count / order.size());
  }
}

double Coordinator::State::expected_seconds(sim::ClientId client) const {
  const auto& device = world.profile(client);
  const auto transfer = [&](std::int64_t bytes, double mbps) {
    return device.latency_seconds + static_cast<double>(bytes) * 8.0 / (mbps * 1e6);
  };
  return transfer(messages.bytes_down(current, client), device.download_mbps) +
         config.devices.startup_seconds +
         static_cast<double>(parts.sizer({client, {1}}).tokens) / device.tokens_per_second +
         transfer(messages.bytes_up(current, client), device.upload_mbps);
}

void Coordinator::State::publish() {
  awaits_score = parts.is_scored && config.stop.target_perplexity > 0.0 &&
                 evaluation_is_due(config.evaluation, current);
  effects.publish(current, totals.time, adapter);
}

void Coordinator::State::run(Coordinator& self) {
  if (running) return;
  running = true;
  while (!finished) {
    if (awaits_score) break;
    if (made_version) {
      made_version = false;
      effects.version_boundary(self);
      continue;  // it may have stopped the run
    }
    if (!step()) break;
  }
  running = false;
}

void Coordinator::State::move_to(sim::VirtualTime time) {
  totals.time = time;
  world.advance(time, [this](sim::ClientId client, bool online) {
    if (!has_examples(client) || jobs.busy(client)) return;
    Lane& lane = lane_of(client);
    if (online) {
      lane.eligible.insert(client);
    } else {
      lane.eligible.erase(client);
    }
  });
}

void Coordinator::State::free_client(sim::ClientId client) {
  if (world.online(client)) lane_of(client).eligible.insert(client);
}

/// Takes the next thing that happens. False: the clock waits for a result.
bool Coordinator::State::step() {
  while (!ends.empty() && jobs.find(ends.top().id) == nullptr)
    ends.pop();
  Lane* closing = nullptr;
  for (Lane& lane : lanes) {
    if (lane.round && (closing == nullptr || lane.round->end < closing->round->end))
      closing = &lane;
  }
  std::optional<sim::VirtualTime> next;
  if (!ends.empty()) next = ends.top().time;
  const bool round_is_next = closing != nullptr && (!next || closing->round->end < *next);
  if (round_is_next) next = closing->round->end;
  const bool wake_is_next = wake && (!next || *wake < *next);
  if (wake_is_next) next = wake;
  if (!next) {
    stop(kRunWithoutProgress);
    return true;
  }
  if (time_limit && *next > *time_limit) {
    move_to(*time_limit);
    stop("virtual_seconds");
    return true;
  }
  if (wake_is_next) {
    wake.reset();
    move_to(*next);
    invite_all();
    return true;
  }
  if (round_is_next) {
    move_to(*next);
    close_round(*closing);
    return true;
  }
  const sim::JobEnd end = ends.top();
  Job& job = *jobs.find(end.id);
  if (job.training && !job.trained) return false;
  move_to(end.time);
  ends.pop();
  end_job(job);
  return true;
}

void Coordinator::State::stop(const char* why) {
  finished = true;
  awaits_score = false;
  totals.stop_reason = why;
  totals.jobs_in_flight_at_end = static_cast<std::int64_t>(jobs.size());
  for (const Job* job : jobs.in_order()) {
    if (job->training) effects.abandon(job->id());
    const sim::JobUsage used = settle(*job);
    record(JobUnfinished{job->id(), job->version, used});
  }
  for (Lane& lane : lanes) {
    totals.updates_waiting_at_end += static_cast<std::int64_t>(lane.waiting.size());
    lane.waiting.clear();
    lane.round.reset();
  }
  jobs.clear();
  ends.clear();
  record(RunStopped{why});
}

Coordinator::Coordinator(const FederationConfig& config, FederationParts parts,
                         CoordinatorEffects& effects)
    : state_(std::make_unique<State>(config, std::move(parts), effects)) {}

Coordinator::~Coordinator() = default;

void Coordinator::start() {
  assert(!state_->started);
  if (state_->finished) return;
  state_->started = true;
  state_->running = true;
  state_->publish();
  state_->invite_all();
  state_->running = false;
  state_->run(*this);
}

ClientsOwn Coordinator::clients_own() const {
  return {state_->private_states, state_->messages.changed_layouts()};
}

void Coordinator::deliver(ClientUpdate update) {
  Job* found = state_->jobs.find(update.id);
  if (found == nullptr || !found->training || found->trained) return;
  if (!update.adapter || update.adapter->values.size() != found->base->values.size()) {
    throw std::invalid_argument("an update must have the layout of what the client received");
  }
  found->trained = std::move(update.adapter);
  found->stats = update.stats;
  found->new_state = std::move(update.state);
  state_->run(*this);
}

void Coordinator::score(sim::Version version, double perplexity) {
  if (!state_->awaits_score || version != state_->current || state_->finished) return;
  state_->awaits_score = false;
  if (perplexity <= state_->config.stop.target_perplexity) {
    state_->stop("target");
    return;
  }
  state_->run(*this);
}

void Coordinator::interrupt() {
  if (!state_->finished) state_->stop(kRunInterrupted);
}

bool Coordinator::finished() const {
  return state_->finished;
}
const RunTotals& Coordinator::totals() const {
  return state_->totals;
}
const model::AdapterPtr& Coordinator::adapter() const {
  return state_->adapter;
}

bool evaluation_is_due(const model::EvaluationConfig& evaluation, sim::Version version) {
  return version.value == 0 ||
         (evaluation.every_versions > 0 &&
          version.value % static_cast<std::uint64_t>(evaluation.every_versions) == 0);
}

}  // namespace lorafleet::actors
