#include "actors/coordinator.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "actors/sim/client_set.hpp"
#include "actors/sim/event_queue.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/sim/timing.hpp"
#include "actors/strategy/aggregator.hpp"
#include "actors/strategy/policy.hpp"
#include "actors/strategy/selection.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::actors {
namespace {

constexpr int kFailuresInARow = 100;
constexpr double kLongestRunSeconds = 1e12;

/// From the dispatch of a job to its virtual end.
struct Job {
  sim::ClientId client;
  sim::Version version;  ///< trained from
  model::JobSize size;
  bool lost = false;
  strategy::Fate fate = strategy::Fate::counts;
  bool training = false;      ///< handed to `train` and not abandoned since
  model::AdapterPtr base;     ///< of `version`, while the job is training
  model::AdapterPtr trained;  ///< the result; null until it is delivered
  model::TrainStats stats;
};

/// A finite update that has arrived and is not folded yet.
struct Waiting {
  sim::ClientId client;
  sim::Sequence seq;
  sim::Version version;
  strategy::Contribution contribution;
  model::AdapterPtr adapter;
  model::AdapterPtr base;
};

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
  for (std::size_t i = 0; i < a.values.size(); ++i) {
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
      break;
  }
  return "round_failed";
}

}  // namespace

struct Coordinator::State {
  State(const FederationConfig& config_, JobSizer sizer_, double train_flops_per_token,
        model::AdapterPtr initial, CoordinatorEffects& effects_);

  void run();
  void stop(const char* reason);

  void publish();
  void invite();
  bool step();
  void end_job(sim::Sequence seq);
  void arrive(sim::Sequence seq, Job job);
  bool fold();
  void close_round();
  void give_up_on_stale();
  void count_failure();
  void count_without_progress();

  void record(decltype(Event::what) what) { effects.record({totals.time, std::move(what)}); }
  void drop(sim::ClientId client, sim::Sequence seq, sim::Version version, const char* why) {
    ++totals.updates_dropped;
    record(UpdateLost{client, seq, version, why});
  }
  [[nodiscard]] bool too_stale(sim::Version from) const {
    const std::int64_t limit = config.aggregation.max_staleness;
    return limit >= 0 && version.value - from.value > static_cast<std::uint64_t>(limit);
  }

  FederationConfig config;
  JobSizer sizer;
  CoordinatorEffects& effects;
  sim::Fleet fleet;
  std::unique_ptr<strategy::Policy> policy;
  std::unique_ptr<strategy::Selection> selection;
  strategy::Aggregator aggregator;
  std::optional<sim::VirtualTime> time_limit;

  model::AdapterPtr adapter;
  sim::Version version;
  sim::ClientSet free;  ///< has examples and no job
  std::map<sim::Sequence, Job> jobs;
  sim::EventQueue ends;
  std::vector<Waiting> waiting;  ///< in the order of arrival
  std::optional<strategy::RoundPlan> round;
  sim::Sequence next_seq{1};
  sim::Sequence first_fresh{1};  ///< jobs before it are known to be too stale, or have ended
  int failed_in_a_row = 0;       ///< rounds; folds in the modes without rounds
  std::int64_t ends_without_progress = 0;
  RunTotals totals;
  bool started = false;
  bool running = false;  ///< inside run(): effects may call deliver() at once
  bool finished = false;
};

Coordinator::State::State(const FederationConfig& config_, JobSizer sizer_,
                          double train_flops_per_token, model::AdapterPtr initial,
                          CoordinatorEffects& effects_)
    : config(config_),
      sizer(std::move(sizer_)),
      effects(effects_),
      fleet(config.devices, config.network, client_count(config), config.seed,
            train_flops_per_token),
      policy(
          strategy::policies().make(config.aggregation.mode, config.clients, config.aggregation)),
      selection(strategy::selections().make(config.clients.selection)),
      aggregator(config.aggregation),
      adapter(std::move(initial)),
      free(fleet.clients()) {
  check(config);
  if (config.stop.virtual_seconds > 0.0) {
    time_limit = sim::VirtualTime{} + sim::VirtualDuration::from_seconds(std::min(
                                          config.stop.virtual_seconds, kLongestRunSeconds));
  }
  for (std::size_t c = 0; c < fleet.clients(); ++c) {
    const sim::ClientId client{static_cast<std::uint32_t>(c)};
    if (sizer(client, next_seq).examples > 0) free.insert(client);
  }
  if (free.size() < policy->least_clients()) {
    throw InputError("partition.clients",
                     std::to_string(free.size()) + " clients have examples, but mode " +
                         config.aggregation.mode + " needs at least " +
                         std::to_string(policy->least_clients()) + " of them for a version");
  }
}

void Coordinator::State::publish() {
  effects.publish(version, totals.time, adapter);
}

void Coordinator::State::run() {
  if (running) return;
  running = true;
  while (!finished && step()) {
  }
  running = false;
}

/// Takes the next thing that happens. False: the clock waits for a result.
bool Coordinator::State::step() {
  const bool job_is_next = !ends.empty() && (!round || ends.top().time <= round->end);
  if (!job_is_next && !round) {
    stop("no_progress");
    return true;
  }
  const sim::VirtualTime time = job_is_next ? ends.top().time : round->end;
  if (time_limit && time > *time_limit) {
    totals.time = *time_limit;
    stop("virtual_seconds");
    return true;
  }
  if (!job_is_next) {
    totals.time = time;
    close_round();
    return true;
  }
  const sim::Sequence seq = ends.top().seq;
  const Job& job = jobs.at(seq);
  if (job.training && !job.trained) return false;
  totals.time = time;
  ends.pop();
  end_job(seq);
  return true;
}

void Coordinator::State::invite() {
  const std::size_t count = std::min(policy->invitations(jobs.size()), free.size());
  if (count == 0) return;
  Random random(config.seed, Purpose::selection, 0, next_seq.value);
  const auto clients = selection->choose(free.members(), count, random);

  const std::int64_t bytes = adapter->layout->message_bytes();
  std::vector<strategy::PlannedJob> planned;
  std::vector<model::JobSize> sizes;
  for (const sim::ClientId client : clients) {
    free.erase(client);
    const sim::Sequence seq{next_seq.value++};
    sizes.push_back(sizer(client, seq));
    const auto timing = sim::predict(fleet.profile(client), config.devices, config.availability,
                                     config.seed, {client, seq, sizes.back().tokens, bytes, bytes});
    planned.push_back({client, seq, totals.time + timing.end, timing.lost});
  }
  round = policy->plan(totals.time, planned);
  if (round && time_limit && round->end > *time_limit) {
    std::replace(round->fates.begin(), round->fates.end(), strategy::Fate::counts,
                 strategy::Fate::futile);
  }

  for (std::size_t i = 0; i < planned.size(); ++i) {
    const auto& [client, seq, end, lost] = planned[i];
    Job job;
    job.client = client;
    job.version = version;
    job.size = sizes[i];
    job.lost = lost;
    if (round) job.fate = round->fates[i];
    job.training =
        !lost && job.fate == strategy::Fate::counts && (!time_limit || end <= *time_limit);
    if (job.training) job.base = adapter;
    const bool training = job.training;
    jobs.emplace(seq, std::move(job));
    ends.push({end, client, seq});
    ++totals.jobs;
    totals.bytes_down += bytes;
    record(JobDispatched{client, seq, version, end, training, sizes[i].tokens, bytes});
    if (training) effects.train({client, seq, version, end, adapter});
  }
}

void Coordinator::State::end_job(sim::Sequence seq) {
  const auto found = jobs.find(seq);
  if (!found->second.lost && found->second.fate != strategy::Fate::counts) {
    return;  // close_round tells it to stop
  }
  Job job = std::move(found->second);
  jobs.erase(found);
  free.insert(job.client);
  if (job.lost) {
    drop(job.client, seq, job.version, "dropped_out");
    count_without_progress();
  } else if (too_stale(job.version)) {
    drop(job.client, seq, job.version, "too_stale");
    count_without_progress();
  } else {
    arrive(seq, std::move(job));
  }
  if (!round && !finished) invite();
}

void Coordinator::State::arrive(sim::Sequence seq, Job job) {
  const model::TrainStats& stats = job.stats;
  const std::int64_t bytes = adapter->layout->message_bytes();
  const bool finite = model::all_finite(*job.trained);
  const strategy::Contribution contribution{job.size.examples, job.size.tokens,
                                            version.value - job.version.value};
  ++totals.updates_received;
  totals.train_tokens += stats.tokens;
  totals.bytes_up += bytes;
  record(UpdateArrived{job.client, seq, job.version, contribution.staleness,
                       finite ? policy->raw_weight(contribution) : 0.0, stats.loss,
                       distance(*job.trained, *job.base), stats.tokens, bytes});
  if (!finite) {
    ++totals.updates_not_finite;
    drop(job.client, seq, job.version, "not_finite");
    count_without_progress();
    return;
  }
  ends_without_progress = 0;
  waiting.push_back(
      {job.client, seq, job.version, contribution, std::move(job.trained), std::move(job.base)});
  if (round || !policy->ready(waiting.size())) return;
  if (fold()) {
    failed_in_a_row = 0;
  } else {
    count_failure();
  }
}

/// Makes a version of all that waits. False: it would not be finite, and the updates are dropped.
bool Coordinator::State::fold() {
  const auto updates = std::exchange(waiting, {});
  std::vector<strategy::Contribution> contributions;
  double staleness = 0.0;
  for (const auto& update : updates) {
    contributions.push_back(update.contribution);
    staleness += static_cast<double>(update.contribution.staleness);
  }
  const auto weights = policy->weights(contributions);
  std::vector<strategy::FoldItem> items;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const bool current = policy->anchor() == strategy::Anchor::current;
    items.push_back({updates[i].adapter, current ? adapter : updates[i].base, weights[i]});
  }

  const model::AdapterPtr next = aggregator.fold(*adapter, items);
  const auto count = static_cast<std::int64_t>(updates.size());
  if (!next) {
    totals.updates_not_finite += count;
    for (const auto& u : updates)
      drop(u.client, u.seq, u.version, "not_finite");
    return false;
  }
  const double step_norm = distance(*next, *adapter);
  adapter = next;
  ++version.value;
  totals.versions = version.value;
  totals.updates_applied += count;
  record(VersionMade{version, count, staleness / static_cast<double>(count), step_norm,
                     model::l2_norm(adapter->values)});
  publish();
  give_up_on_stale();

  if (config.stop.versions > 0 &&
      version.value >= static_cast<std::uint64_t>(config.stop.versions)) {
    stop("versions");
  } else if (config.stop.updates > 0 && totals.updates_applied >= config.stop.updates) {
    stop("updates");
  }
  return true;
}

void Coordinator::State::close_round() {
  auto in_time = static_cast<std::int64_t>(waiting.size());
  for (const auto& [seq, job] : jobs) {
    if (job.fate == strategy::Fate::futile && !job.lost) ++in_time;
    drop(job.client, seq, job.version, reason(job.fate));
    free.insert(job.client);
  }
  jobs.clear();
  ends.clear();
  const bool enough = waiting.size() >= round->min_updates;
  round.reset();

  if (enough && fold()) {
    failed_in_a_row = 0;
  } else {
    for (const auto& u : waiting)
      drop(u.client, u.seq, u.version, "round_failed");
    waiting.clear();
    ++totals.rounds_failed;
    record(RoundFailed{{version.value + 1}, in_time});
    count_failure();
  }
  if (!finished) invite();
}

/// Jobs are handed out by rising version, so each is looked at once.
void Coordinator::State::give_up_on_stale() {
  auto next = jobs.lower_bound(first_fresh);
  for (; next != jobs.end() && too_stale(next->second.version); ++next) {
    auto& [seq, job] = *next;
    if (job.training) effects.abandon(job.client, seq);
    job.training = false;
    job.base.reset();
    job.trained.reset();
  }
  first_fresh = next == jobs.end() ? next_seq : next->first;
}

void Coordinator::State::count_failure() {
  if (++failed_in_a_row == kFailuresInARow) stop("no_progress");
}

/// The guard of the modes without rounds against jobs that end without a usable update.
void Coordinator::State::count_without_progress() {
  const std::int64_t limit = 100 * std::max<std::int64_t>(10, config.clients.concurrency);
  if (!round && !finished && ++ends_without_progress >= limit) stop("no_progress");
}

void Coordinator::State::stop(const char* why) {
  finished = true;
  totals.stop_reason = why;
  for (const auto& [seq, job] : jobs) {
    if (job.training) effects.abandon(job.client, seq);
  }
  totals.updates_dropped += static_cast<std::int64_t>(jobs.size() + waiting.size());
  jobs.clear();
  ends.clear();
  waiting.clear();
  round.reset();
  record(RunStopped{why});
}

Coordinator::Coordinator(const FederationConfig& config, JobSizer sizer,
                         double train_flops_per_token, model::AdapterPtr initial,
                         CoordinatorEffects& effects)
    : state_(std::make_unique<State>(config, std::move(sizer), train_flops_per_token,
                                     std::move(initial), effects)) {}

Coordinator::~Coordinator() = default;

void Coordinator::start() {
  assert(!state_->started);
  if (state_->finished) return;
  state_->started = true;
  state_->running = true;
  state_->publish();
  state_->invite();
  state_->running = false;
  state_->run();
}

void Coordinator::deliver(ClientUpdate update) {
  const auto found = state_->jobs.find(update.seq);
  if (found == state_->jobs.end()) return;
  Job& job = found->second;
  if (!job.training || job.trained || job.client != update.client) return;
  if (!update.adapter || update.adapter->values.size() != state_->adapter->values.size()) {
    throw std::invalid_argument("an update must have the layout of the global adapter");
  }
  job.trained = std::move(update.adapter);
  job.stats = update.stats;
  state_->run();
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
  return state_->jobs.size() + state_->waiting.size();
}

}  // namespace lorafleet::actors
