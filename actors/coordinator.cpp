#include "actors/coordinator.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <deque>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "actors/client_messages.hpp"
#include "actors/coordinator_state.hpp"
#include "actors/fold_figures.hpp"
#include "actors/job_table.hpp"
#include "actors/sim/client_set.hpp"
#include "actors/sim/event_queue.hpp"
#include "actors/sim/world.hpp"
#include "actors/strategy/aggregator.hpp"
#include "actors/strategy/policy.hpp"
#include "actors/strategy/robust.hpp"
#include "actors/strategy/selection.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::actors {
namespace {

constexpr int kFailuresInARow = 100;
constexpr double kLongestRunSeconds = 1e12;
/// When nobody answered (availability model "bernoulli"), the server asks again.
constexpr sim::VirtualDuration kAskAgain{60'000'000};

using Key = std::pair<sim::ClientId, sim::Sequence>;

std::size_t client_count(const FederationConfig& config) {
  if (config.partition.clients < 1 || config.partition.clients > (std::int64_t{1} << 31)) {
    throw InputError("partition.clients", "must be between 1 and 2^31");
  }
  return static_cast<std::size_t>(config.partition.clients);
}

void check(const FederationConfig& config) {
  const auto& stop = config.stop;
  if (stop.versions < 0 || stop.updates < 0 || !(stop.virtual_seconds >= 0.0)) {
    throw InputError("stop", "versions, virtual_seconds and updates must be at least 0");
  }
  if (stop.versions == 0 && stop.updates == 0 && stop.virtual_seconds == 0.0) {
    throw InputError("stop", "one of versions, virtual_seconds, updates must be above 0");
  }
  if (stop.target_perplexity > 0.0 && config.evaluation.every_versions < 1) {
    throw InputError("stop.target_perplexity", "needs evaluation.every_versions of at least 1");
  }
  const double p = config.availability.drop_probability;
  if (!(p >= 0.0) || !(p <= 1.0)) {
    throw InputError("availability.drop_probability", "must be between 0 and 1");
  }
  if (config.aggregation.max_staleness < -1) {
    throw InputError("aggregation.max_staleness", "must be at least 0, or -1 for none");
  }
}

double distance(const model::Adapter& a, const model::Adapter& b) {
  double sum = 0.0;
  const std::size_t common = std::min(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < common; ++i) {
    const double difference = static_cast<double>(a.values[i]) - static_cast<double>(b.values[i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

const char* reason(strategy::Fate fate) {
  switch (fate) {
    case strategy::Fate::surplus:
      return "surplus";
    case strategy::Fate::late:
      return "late";
    case strategy::Fate::counts:
    case strategy::Fate::futile:
    case strategy::Fate::carried:
      break;
  }
  return "round_failed";
}

/// A lane at work: LaneState, with its clients as a set.
struct Lane {
  explicit Lane(std::size_t clients) : eligible(clients) {}
  sim::ClientSet eligible;  ///< have examples, no job, and are online
  std::optional<OpenRound> round;
  std::vector<WaitingUpdate> waiting;
  std::vector<strategy::FoldItem> latest;
  std::uint64_t versions = 0;
  std::uint64_t in_flight = 0;
  std::int64_t failed_in_a_row = 0;
};

}  // namespace

struct Coordinator::State final : strategy::SelectionView {
  State(const FederationConfig& config_, FederationParts parts_, CoordinatorEffects& effects_);

  // What the selection may ask.
  [[nodiscard]] std::int64_t examples(sim::ClientId client) const override {
    return parts.sizer(client, {1}).examples;
  }
  [[nodiscard]] std::int64_t most_examples() const override { return most; }
  [[nodiscard]] double expected_seconds(sim::ClientId client) const override;
  [[nodiscard]] sim::Version version() const override { return current; }
  [[nodiscard]] sim::VirtualTime now() const override { return totals.time; }

  void assign_lanes();
  void run(Coordinator& self);
  void stop(const char* reason);

  void publish();
  void invite_all();
  void invite(Lane& lane);
  std::vector<sim::ClientId> choose(Lane& lane, std::size_t count);
  void hand_out(Lane& lane, const std::vector<sim::ClientId>& clients);
  void order(const Job& job);
  bool step();
  void move_to(sim::VirtualTime time);
  void end_job(Job& job);
  void arrive(Lane& lane, Job job);
  bool fold(Lane& lane);
  void close_round(Lane& lane);
  void give_up_on_stale();
  void count_failure(Lane& lane);
  void count_without_progress();
  void free_client(sim::ClientId client);
  void observe(const Job& job, std::optional<double> loss);

  void record(decltype(Event::what) what) { effects.record({totals.time, std::move(what)}); }
  void drop(sim::ClientId client, sim::Sequence seq, sim::Version from, const char* why) {
    ++totals.updates_dropped;
    record(UpdateLost{client, seq, from, why});
  }
  [[nodiscard]] bool too_stale(sim::Version from) const {
    const std::int64_t limit = config.aggregation.max_staleness;
    return limit >= 0 && current.value - from.value > static_cast<std::uint64_t>(limit);
  }
  [[nodiscard]] bool has_examples(sim::ClientId client) const {
    return with_examples.empty() || with_examples[client.value];
  }
  Lane& lane_of(sim::ClientId client) {
    return lanes[lane_numbers.empty() ? 0 : lane_numbers[client.value]];
  }
  [[nodiscard]] std::uint16_t number_of(const Lane& lane) const {
    return static_cast<std::uint16_t>(&lane - lanes.data());
  }

  FederationConfig config;
  FederationParts parts;
  CoordinatorEffects& effects;
  sim::World world;
  std::unique_ptr<strategy::Policy> policy;
  std::unique_ptr<strategy::Selection> selection;
  strategy::Aggregator aggregator;
  strategy::Robust robust;
  ClientMessages messages;
  std::optional<sim::VirtualTime> time_limit;
  std::int64_t most = 0;                    ///< examples of a client
  std::vector<bool> with_examples;          ///< empty: all have some
  std::vector<std::uint16_t> lane_numbers;  ///< by client; empty: one lane

  model::AdapterPtr adapter;
  sim::Version current;
  std::vector<Lane> lanes;
  JobTable jobs;
  sim::EventQueue ends;
  std::deque<Key> by_age;  ///< jobs that may become too stale, oldest first
  std::map<std::uint32_t, model::PrivateStatePtr> private_states;
  std::int64_t base_bytes = 0;
  std::map<std::uint32_t, std::int64_t> base_bytes_sent;
  std::optional<sim::VirtualTime> wake;  ///< somebody may come online then
  sim::Sequence next_seq{1};
  std::uint64_t asked = 0;  ///< clients that were asked whether they are there
  std::int64_t ends_without_progress = 0;
  RunTotals totals;
  bool awaits_score = false;
  bool made_version = false;  ///< since the last version_boundary
  bool started = false;
  bool running = false;  ///< inside run(): effects may call deliver() at once
  bool finished = false;
};

Coordinator::State::State(const FederationConfig& config_, FederationParts parts_,
                          CoordinatorEffects& effects_)
    : config(config_),
      parts(std::move(parts_)),
      effects(effects_),
      world(config.devices, config.network, config.availability, client_count(config), config.seed,
            parts.train_flops_per_token),
      policy(
          strategy::policies().make(config.aggregation.mode, config.clients, config.aggregation)),
      selection(strategy::selections().make(config.clients.selection, config.clients)),
      aggregator(config.aggregation),
      robust(config.aggregation),
      messages(aggregator.rule(), config.network, parts.initial->layout, parts.layouts,
               parts.message_bytes),
      adapter(parts.initial),
      jobs(world.clients()) {
  check(config);
  if (config.stop.virtual_seconds > 0.0) {
    time_limit = sim::VirtualTime{} + sim::VirtualDuration::from_seconds(std::min(
                                          config.stop.virtual_seconds, kLongestRunSeconds));
  }
  std::size_t trainable = 0;
  with_examples.resize(world.clients());
  for (std::size_t c = 0; c < world.clients(); ++c) {
    const std::int64_t own = parts.sizer({static_cast<std::uint32_t>(c)}, next_seq).examples;
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
         static_cast<double>(parts.sizer(client, {1}).tokens) / device.tokens_per_second +
         transfer(messages.bytes_up(current, client), device.upload_mbps);
}

void Coordinator::State::publish() {
  awaits_score =
      config.stop.target_perplexity > 0.0 && evaluation_is_due(config.evaluation, current);
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
  while (!ends.empty() && jobs.find(ends.top().client, ends.top().seq) == nullptr)
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
    stop("no_progress");
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
  Job& job = *jobs.find(end.client, end.seq);
  if (job.training && !job.trained) return false;
  move_to(end.time);
  ends.pop();
  end_job(job);
  return true;
}

void Coordinator::State::invite_all() {
  for (Lane& lane : lanes) {
    if (!lane.round && !finished) invite(lane);
  }
}

void Coordinator::State::invite(Lane& lane) {
  const std::size_t wanted = policy->invitations(lane.in_flight);
  if (wanted == 0) return;
  std::vector<sim::ClientId> clients;
  if (lane.eligible.size() >= policy->least_clients()) {
    clients = choose(lane, std::min(wanted, lane.eligible.size()));
  }
  if (!clients.empty()) hand_out(lane, clients);
  if (clients.size() < wanted && !lane.round) {
    auto change = world.next_change();
    if (config.availability.model == "bernoulli" && lane.eligible.size() > 0) {
      const sim::VirtualTime again = totals.time + kAskAgain;
      change = change ? std::min(*change, again) : again;
    }
    if (change && (!wake || *change < *wake)) wake = change;
  }
}

/// Clients that answer. Those who do not are out of the draw until the next one.
std::vector<sim::ClientId> Coordinator::State::choose(Lane& lane, std::size_t count) {
  Random random(config.seed, Purpose::selection, 0, next_seq.value);
  if (config.availability.model != "bernoulli") {
    return selection->choose(lane.eligible.members(), count, random, *this);
  }
  std::vector<sim::ClientId> there;
  std::vector<sim::ClientId> silent;
  while (there.size() < count && lane.eligible.size() > 0) {
    const std::size_t missing = std::min(count - there.size(), lane.eligible.size());
    for (const auto client : selection->choose(lane.eligible.members(), missing, random, *this)) {
      lane.eligible.erase(client);
      (world.answers(client, {++asked}) ? there : silent).push_back(client);
    }
  }
  for (const auto client : silent)
    lane.eligible.insert(client);
  for (const auto client : there)
    lane.eligible.insert(client);
  if (there.size() < policy->least_clients()) there.clear();
  return there;
}

void Coordinator::State::hand_out(Lane& lane, const std::vector<sim::ClientId>& clients) {
  std::vector<Job> orders;
  std::vector<strategy::PlannedJob> planned;
  std::vector<JobDispatched> dispatched;
  orders.reserve(clients.size());
  for (const sim::ClientId client : clients) {
    lane.eligible.erase(client);
    const sim::Sequence seq{next_seq.value++};
    Job job;
    job.size = parts.sizer(client, seq);
    std::int64_t bytes_down = messages.bytes_down(current, client);
    if (base_bytes > 0) {
      std::int64_t& sent = base_bytes_sent[client.value];
      bytes_down += base_bytes - sent;
      sent = base_bytes;
    }
    job.bytes_up = messages.bytes_up(current, client);
    const auto timing =
        world.predict({client, seq, job.size.tokens, bytes_down, job.bytes_up}, totals.time);
    job.end = {totals.time + timing.end, client, seq};
    job.version = current;
    job.dispatched = totals.time;
    job.lost = timing.reason;
    job.lane = number_of(lane);
    planned.push_back({client, seq, job.end.time, timing.lost});
    dispatched.push_back({client, seq, current, job.end.time, false, job.size.tokens, bytes_down,
                          timing.joules, timing.cost});
    totals.bytes_down += bytes_down;
    totals.joules += timing.joules;
    totals.cost += timing.cost;
    orders.push_back(std::move(job));
  }
  auto plan = policy->plan(totals.time, planned);
  if (plan && time_limit && plan->end > *time_limit) {
    std::replace(plan->fates.begin(), plan->fates.end(), strategy::Fate::counts,
                 strategy::Fate::futile);
  }
  if (plan) lane.round = OpenRound{plan->end, plan->min_updates, {}};

  for (std::size_t i = 0; i < orders.size(); ++i) {
    Job& job = orders[i];
    const auto [time, client, seq] = job.end;
    if (plan) {
      job.fate = plan->fates[i];
      lane.round->cohort.emplace_back(client, seq);
    }
    const bool can_count =
        job.fate == strategy::Fate::counts || job.fate == strategy::Fate::carried;
    job.training = !planned[i].lost && can_count && (!time_limit || time <= *time_limit);
    if (job.training) {
      job.base = messages.received(adapter, current, client);
      const auto own = private_states.find(client.value);
      if (own != private_states.end()) job.state = own->second;
    }
    ++lane.in_flight;
    ++totals.jobs;
    ends.push(job.end);
    if (config.aggregation.max_staleness >= 0) by_age.emplace_back(client, seq);
    const Job& added = jobs.add(std::move(job));
    dispatched[i].trained = added.training;
    record(dispatched[i]);
    if (added.training) order(added);
  }
}

void Coordinator::State::order(const Job& job) {
  effects.train({job.end.client, job.end.seq, job.version, job.end.time, job.base, job.state,
                 aggregator.rule().trains(job.version)});
}

void Coordinator::State::observe(const Job& job, std::optional<double> loss) {
  selection->observe({job.end.client, job.end.seq, job.version, loss,
                      (totals.time - job.dispatched).seconds(), job.size.examples,
                      job.size.tokens});
}

void Coordinator::State::end_job(Job& ended) {
  const bool lost = ended.lost != sim::LossReason::none;
  const bool carried = ended.fate == strategy::Fate::carried;
  if (!lost && !carried && ended.fate != strategy::Fate::counts) {
    return;  // close_round tells it to stop
  }
  Job job = jobs.take(ended.end.client);
  Lane& lane = lanes[job.lane];
  if (!job.carried) --lane.in_flight;
  free_client(job.end.client);
  if (lost) {
    observe(job, std::nullopt);
    drop(job.end.client, job.end.seq, job.version, sim::name(job.lost));
    count_without_progress();
  } else if (too_stale(job.version)) {
    observe(job, std::nullopt);
    drop(job.end.client, job.end.seq, job.version, "too_stale");
    count_without_progress();
  } else {
    arrive(lane, std::move(job));
  }
  if (!lane.round && !finished) invite(lane);
}

void Coordinator::State::arrive(Lane& lane, Job job) {
  const model::TrainStats& stats = job.stats;
  const bool finite = model::all_finite(*job.trained);
  const strategy::Contribution contribution{job.size.examples, job.size.tokens,
                                            current.value - job.version.value};
  ++totals.updates_received;
  totals.train_tokens += stats.tokens;
  totals.bytes_up += job.bytes_up;
  record(UpdateArrived{job.end.client, job.end.seq, job.version, contribution.staleness,
                       finite ? policy->raw_weight(contribution) : 0.0, stats.loss,
                       distance(*job.trained, *job.base), stats.tokens, job.bytes_up});
  if (!finite) {
    ++totals.updates_not_finite;
    observe(job, std::nullopt);
    drop(job.end.client, job.end.seq, job.version, "not_finite");
    count_without_progress();
    return;
  }
  observe(job, stats.loss);
  if (job.new_state) private_states[job.end.client.value] = std::move(job.new_state);
  const auto layout = aggregator.rule().layout_after(*job.trained, *job.base);
  if (layout != job.trained->layout && *layout != *job.trained->layout) {
    messages.change_layout(job.end.client, layout, world.clients());
  }
  ends_without_progress = 0;
  lane.waiting.push_back({job.end.client, job.end.seq, job.version, contribution, job.carried,
                          std::move(job.trained), std::move(job.base)});
  if (lane.round || !policy->ready(lane.waiting.size())) return;
  if (fold(lane)) {
    lane.failed_in_a_row = 0;
  } else {
    count_failure(lane);
  }
}

/// Makes a version of all that waits. False: none was made, and the updates are dropped.
bool Coordinator::State::fold(Lane& lane) {
  const auto updates = std::exchange(lane.waiting, {});
  std::vector<strategy::Contribution> contributions;
  double staleness = 0.0;
  for (const auto& update : updates) {
    contributions.push_back(update.contribution);
    staleness += static_cast<double>(update.contribution.staleness);
  }
  const auto weights = policy->weights(contributions);
  const bool from_current =
      policy->anchor() == strategy::Anchor::current && !aggregator.anchors_at_start();
  const auto anchor = [&](const model::AdapterPtr& trained, const model::AdapterPtr& base) {
    return from_current ? messages.view(adapter, trained->layout) : base;
  };
  std::vector<strategy::FoldItem> items;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const auto& u = updates[i];
    items.push_back({u.adapter, anchor(u.adapter, u.base), weights[i], u.version});
  }
  std::vector<bool> rejected(updates.size());
  if (!robust.idle()) {
    auto outcome = robust.apply(std::move(items));
    items = std::move(outcome.items);
    totals.updates_clipped += static_cast<std::int64_t>(outcome.clipped.size());
    for (const std::size_t position : outcome.rejected)
      rejected[position] = true;
  }

  if (lanes.size() > 1) {
    lane.latest = items;
    std::vector<std::uint64_t> versions;
    for (const Lane& other : lanes)
      versions.push_back(other.versions + (&other == &lane ? 1 : 0));
    const auto shares = policy->lane_weights(versions);
    items.clear();
    for (std::size_t m = 0; m < lanes.size(); ++m) {
      if (lanes[m].latest.empty()) {
        items.push_back({parts.initial, adapter, shares[m], {}});
      }
      for (const auto& item : lanes[m].latest) {
        items.push_back({item.adapter, messages.view(adapter, item.adapter->layout),
                         item.weight * shares[m], item.trained_from});
      }
    }
  }
  const auto made = aggregator.fold(*adapter, items, {current.value + 1}, config.seed);
  if (!made.next) {
    totals.updates_not_finite += static_cast<std::int64_t>(updates.size());
    for (const auto& u : updates)
      drop(u.client, u.seq, u.version, "not_finite");
    return false;
  }
  std::int64_t count = 0;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (!rejected[i]) {
      ++count;
      continue;
    }
    ++totals.updates_rejected;
    drop(updates[i].client, updates[i].seq, updates[i].version, "rejected");
  }
  const double step_norm = distance(*made.next, *adapter);
  adapter = made.next;
  base_bytes += made.report.base_change_bytes;
  ++current.value;
  ++lane.versions;
  totals.versions = current.value;
  totals.updates_applied += count;
  VersionMade event{current, count, staleness / static_cast<double>(updates.size()), step_norm,
                    model::l2_norm(adapter->values)};
  if (lanes.size() > 1) event.tier = number_of(lane);
  event.fold = fold_figures(made.report);
  record(std::move(event));
  publish();
  made_version = true;
  give_up_on_stale();

  if (config.stop.versions > 0 &&
      current.value >= static_cast<std::uint64_t>(config.stop.versions)) {
    stop("versions");
  } else if (config.stop.updates > 0 && totals.updates_applied >= config.stop.updates) {
    stop("updates");
  }
  return true;
}

void Coordinator::State::close_round(Lane& lane) {
  std::int64_t in_time = 0;
  for (const auto& u : lane.waiting)
    in_time += u.carried ? 0 : 1;
  const bool enough = in_time >= static_cast<std::int64_t>(lane.round->min_updates);
  for (const auto& [client, seq] : lane.round->cohort) {
    Job* found = jobs.find(client, seq);
    if (found == nullptr) continue;
    if (found->fate == strategy::Fate::carried) {
      found->carried = true;
      --lane.in_flight;
      continue;
    }
    const Job job = jobs.take(client);
    if (job.fate == strategy::Fate::futile && job.lost == sim::LossReason::none) ++in_time;
    --lane.in_flight;
    observe(job, std::nullopt);
    drop(client, seq, job.version, reason(job.fate));
    free_client(client);
  }
  lane.round.reset();

  if (enough && fold(lane)) {
    lane.failed_in_a_row = 0;
  } else {
    std::vector<WaitingUpdate> carried;
    for (auto& u : lane.waiting) {
      if (u.carried) {
        carried.push_back(std::move(u));
      } else {
        drop(u.client, u.seq, u.version, "round_failed");
      }
    }
    lane.waiting = std::move(carried);
    ++totals.rounds_failed;
    record(RoundFailed{{current.value + 1}, in_time});
    count_failure(lane);
  }
  if (!finished) invite(lane);
}

/// Jobs are handed out by rising version, so each is looked at once.
void Coordinator::State::give_up_on_stale() {
  while (!by_age.empty()) {
    const auto [client, seq] = by_age.front();
    Job* job = jobs.find(client, seq);
    if (job != nullptr && !too_stale(job->version)) return;
    by_age.pop_front();
    if (job == nullptr) continue;
    if (job->training) effects.abandon(client, seq);
    job->training = false;
    job->base.reset();
    job->trained.reset();
  }
}

void Coordinator::State::count_failure(Lane& lane) {
  if (++lane.failed_in_a_row == kFailuresInARow) stop("no_progress");
}

/// The guard of the modes without rounds against jobs that end without a usable update.
void Coordinator::State::count_without_progress() {
  const std::int64_t limit = 100 * std::max<std::int64_t>(10, config.clients.concurrency);
  const bool rounds = lanes.size() > 1 || config.aggregation.mode == "sync";
  if (!rounds && !finished && ++ends_without_progress >= limit) stop("no_progress");
}

void Coordinator::State::stop(const char* why) {
  finished = true;
  awaits_score = false;
  totals.stop_reason = why;
  for (const Job* job : jobs.in_order()) {
    if (job->training) effects.abandon(job->end.client, job->end.seq);
  }
  totals.updates_dropped += static_cast<std::int64_t>(jobs.size());
  for (Lane& lane : lanes) {
    totals.updates_dropped += static_cast<std::int64_t>(lane.waiting.size());
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

CoordinatorState Coordinator::save() const {
  CoordinatorState saved;
  saved.totals = state_->totals;
  saved.version = state_->current;
  saved.next_seq = state_->next_seq;
  saved.asked = state_->asked;
  saved.ends_without_progress = state_->ends_without_progress;
  saved.wake = state_->wake;
  saved.awaits_score = state_->awaits_score;
  saved.adapter = state_->adapter;
  for (const Job* job : state_->jobs.in_order()) {
    saved.jobs.push_back(*job);
    saved.jobs.back().trained = nullptr;
    saved.jobs.back().new_state = nullptr;
    saved.jobs.back().stats = {};
  }
  for (const Lane& lane : state_->lanes) {
    const auto members = lane.eligible.members();
    saved.lanes.push_back({{members.begin(), members.end()},
                           lane.round,
                           lane.waiting,
                           lane.latest,
                           lane.versions,
                           lane.in_flight,
                           lane.failed_in_a_row});
  }
  saved.private_states = state_->private_states;
  saved.changed_layouts = state_->messages.changed_layouts();
  saved.base_bytes = state_->base_bytes;
  saved.base_bytes_sent = state_->base_bytes_sent;
  saved.selection = state_->selection->state();
  saved.server_optimizer = state_->aggregator.optimizer().state();
  saved.world = state_->world.save();
  return saved;
}

void Coordinator::resume(const CoordinatorState& saved) {
  State& s = *state_;
  assert(!s.started);
  if (saved.lanes.size() != s.lanes.size()) {
    throw std::invalid_argument("the state is of another number of lanes");
  }
  s.started = true;
  s.world.advance(saved.totals.time, nullptr);
  s.world.restore(saved.world);
  s.totals = saved.totals;
  s.current = saved.version;
  s.next_seq = saved.next_seq;
  s.asked = saved.asked;
  s.ends_without_progress = saved.ends_without_progress;
  s.wake = saved.wake;
  s.awaits_score = saved.awaits_score;
  s.adapter = saved.adapter;
  for (std::size_t m = 0; m < s.lanes.size(); ++m) {
    const LaneState& from = saved.lanes[m];
    Lane lane(s.world.clients());
    for (const auto client : from.eligible)
      lane.eligible.insert(client);
    lane.round = from.round;
    lane.waiting = from.waiting;
    lane.latest = from.latest;
    lane.versions = from.versions;
    lane.in_flight = from.in_flight;
    lane.failed_in_a_row = from.failed_in_a_row;
    s.lanes[m] = std::move(lane);
  }
  s.private_states = saved.private_states;
  for (const auto& [client, layout] : saved.changed_layouts)
    s.messages.change_layout({client}, layout, s.world.clients());
  s.base_bytes = saved.base_bytes;
  s.base_bytes_sent = saved.base_bytes_sent;
  s.selection->restore(saved.selection);
  s.aggregator.optimizer().restore(saved.server_optimizer);
  s.running = true;
  for (const Job& job : saved.jobs) {
    s.ends.push(job.end);
    if (s.config.aggregation.max_staleness >= 0 && !s.too_stale(job.version)) {
      s.by_age.emplace_back(job.end.client, job.end.seq);
    }
    const Job& added = s.jobs.add(job);
    if (added.training) s.order(added);
  }
  s.running = false;
  s.run(*this);
}

void Coordinator::deliver(ClientUpdate update) {
  Job* found = state_->jobs.find(update.client, update.seq);
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
  if (!state_->finished) state_->stop("interrupted");
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
std::size_t Coordinator::in_flight() const {
  std::size_t waiting = 0;
  for (const Lane& lane : state_->lanes)
    waiting += lane.waiting.size();
  return state_->jobs.size() + waiting;
}

bool evaluation_is_due(const model::EvaluationConfig& evaluation, sim::Version version) {
  return version.value == 0 ||
         (evaluation.every_versions > 0 &&
          version.value % static_cast<std::uint64_t>(evaluation.every_versions) == 0);
}

}  // namespace lorafleet::actors
