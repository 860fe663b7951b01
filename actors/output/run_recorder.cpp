#include "actors/output/run_recorder.hpp"

#include <algorithm>
#include <system_error>

#include "actors/output/offline_csv.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {

namespace {

constexpr const char* kUnfinished = "events.jsonl.tmp";
constexpr const char* kFinished = "events.jsonl";

/// A run that ended in good order has given its event log the final name.
std::filesystem::path unfinished_events(const std::filesystem::path& directory) {
  const auto unfinished = directory / kUnfinished;
  std::error_code ignored;
  if (!std::filesystem::exists(unfinished, ignored)) {
    std::filesystem::rename(directory / kFinished, unfinished, ignored);
  }
  return unfinished;
}

std::vector<bool> with_examples(const std::vector<ClientFacts>& clients) {
  std::vector<bool> has_examples;
  has_examples.reserve(clients.size());
  for (const ClientFacts& client : clients)
    has_examples.push_back(client.examples > 0);
  return has_examples;
}

}  // namespace

RunRecorder::RunRecorder(const std::filesystem::path& directory, const FederationConfig& config,
                         std::vector<ClientFacts> clients,
                         std::function<void(const Progress&)> progress,
                         const RecorderState* resumed)
    : directory_(directory),
      stop_(config.stop),
      progress_(std::move(progress)),
      clients_(std::move(clients)),
      audit_(with_examples(clients_.facts())),
      name_(config.name),
      events_(resumed != nullptr ? unfinished_events(directory) : directory / kUnfinished,
              resumed != nullptr ? resumed->events_bytes : 0,
              [this](const Event& event) { tally(event); }) {
  if (config.output.trace) trace_.emplace(directory / "trace.json", clients_.facts());
  if (config.output.tensorboard) tensorboard_.emplace(directory);
  if (resumed != nullptr) replay(*resumed);
}

void RunRecorder::replay(const RecorderState& resumed) {
  rounds_.add_version({}, {});
  const std::string sha256 = events_.replay([this](const Event& event) {
    now_ = event.time;
    take(event);
    tally(event);
    if (const auto* made = std::get_if<VersionMade>(&event.what))
      rounds_.add_version(made->version, event.time);
  });
  if (sha256 != resumed.events_sha256) {
    throw InputError((directory_ / kUnfinished).string(),
                     "is not the event log that the checkpoint was made of");
  }
  for (const auto& scored : resumed.scores)
    add_score(scored.version, scored.evaluation);
}

void RunRecorder::tally(const Event& event) {
  clients_.add(event);
  audit_.add(event);
  if (trace_) trace_->add(event);
}

/// On the caller's thread, unlike `tally`.
void RunRecorder::take(const Event& event) {
  rounds_.add(event);
  if (tensorboard_) tensorboard_->add(event);
  if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    largest_staleness_ = std::max(largest_staleness_, arrived->staleness);
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    staleness_ = made->mean_staleness;
    losses_.add(rounds_.latest_train_loss());
  }
}

std::uint64_t RunRecorder::events_bytes(const std::filesystem::path& directory) {
  std::error_code error;
  for (const char* name : {kUnfinished, kFinished}) {
    const auto bytes = std::filesystem::file_size(directory / name, error);
    if (!error) return bytes;
  }
  return 0;
}

RecorderState RunRecorder::settle() {
  auto position = events_.settle();
  return {position.bytes, std::move(position.sha256), scores_};
}

void RunRecorder::on_event(const Event& event, const RunTotals& totals) {
  now_ = event.time;
  events_.add(event);
  take(event);
  if (std::holds_alternative<UpdateArrived>(event.what)) {
    totals_ = totals;
    tell(false);
  }
}

void RunRecorder::on_version(sim::Version version, sim::VirtualTime time, const RunTotals& totals) {
  rounds_.add_version(version, time);
  totals_ = totals;
  tell(true);
}

void RunRecorder::on_evaluation(sim::Version version, const model::Evaluation& evaluation) {
  add_score(version, evaluation);
  tell(true);
}

void RunRecorder::add_score(sim::Version version, const model::Evaluation& evaluation) {
  rounds_.add_evaluation(version, evaluation);
  if (tensorboard_) tensorboard_->add_evaluation(version, evaluation);
  const model::Score& total = evaluation.total;
  eval_scores_.add(total.of_classifier() ? total.accuracy() : total.perplexity());
  if (version.value == 0) initial_ = evaluation;
  latest_ = evaluation;
  latest_version_ = version.value;
  if (!scores_.empty()) scores_.back().evaluation.predictions.clear();
  scores_.push_back({version, evaluation});
}

double RunRecorder::wall_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

/// How far it is to the nearest stop condition, 0 to 1.
double RunRecorder::done() const {
  const auto share = [](double have, double want) { return want > 0.0 ? have / want : 0.0; };
  return std::clamp(
      std::max({share(static_cast<double>(totals_.versions), static_cast<double>(stop_.versions)),
                share(totals_.time.seconds(), stop_.virtual_seconds),
                share(static_cast<double>(totals_.updates_applied),
                      static_cast<double>(stop_.updates))}),
      0.0, 1.0);
}

void RunRecorder::tell(bool milestone) {
  if (!progress_) return;
  constexpr double kSecondsBetweenUpdates = 0.1;
  const double now = wall_seconds();
  if (!milestone && now - told_at_ < kSecondsBetweenUpdates) return;
  told_at_ = now;
  Progress progress;
  progress.run = name_;
  progress.totals = totals_;
  progress.stop_versions = stop_.versions;
  progress.train_loss = rounds_.latest_train_loss();
  progress.losses = losses_.points();
  progress.staleness = staleness_;
  progress.largest_staleness = largest_staleness_;
  progress.evaluated_version = latest_version_;
  if (latest_) progress.perplexity = latest_->total.perplexity();
  const bool classes = latest_ && latest_->total.of_classifier();
  if (classes) progress.accuracy = latest_->total.accuracy();
  (classes ? progress.accuracies : progress.perplexities) = eval_scores_.points();
  progress.wall_seconds = now;
  progress.milestone = milestone;
  progress.done = done();
  if (!start_) start_ = {progress.done, totals_.train_tokens};
  progress.tokens_per_second =
      static_cast<double>(totals_.train_tokens - start_->tokens) / std::max(now, 1e-9);
  constexpr double kTooEarly = 0.02;
  if (const double gone = progress.done - start_->done; gone > kTooEarly)
    progress.seconds_left = now * (1.0 - progress.done) / gone;
  progress_(progress);
}

void RunRecorder::write_files(const sim::World* world) {
  events_sha256_ = events_.settle().sha256;
  const auto events = directory_ / kFinished;
  std::error_code error;
  std::filesystem::rename(directory_ / kUnfinished, events, error);
  if (error) throw RuntimeFailure(events.string() + ": cannot finish: " + error.message());
  rounds_.write(directory_ / "rounds.csv");
  clients_.write(directory_ / "clients.csv");
  if (world != nullptr && !world->always_online()) {
    constexpr std::size_t kMostClients = 1000;
    write_offline_csv(*world, clients_.busiest(kMostClients), now_, directory_ / "offline.csv");
  }
  if (trace_) trace_->finish(now_);
}

}  // namespace lorafleet::actors
