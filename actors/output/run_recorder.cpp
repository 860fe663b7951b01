#include "actors/output/run_recorder.hpp"

#include <algorithm>

namespace lorafleet::actors {

RunRecorder::RunRecorder(const std::filesystem::path& directory, strategy::StopConfig stop,
                         std::vector<ClientFacts> clients,
                         std::function<void(const Progress&)> progress)
    : directory_(directory),
      stop_(stop),
      progress_(std::move(progress)),
      events_file_(directory / "events.jsonl"),
      clients_(std::move(clients)),
      trace_(directory / "trace.json") {}

void RunRecorder::on_event(const Event& event, const RunTotals& totals) {
  now_ = event.time;
  const std::string line = to_json_line(event) + '\n';
  events_hash_.update(line);
  events_file_.write(line);
  rounds_.add(event);
  clients_.add(event);
  trace_.add(event);
  if (std::holds_alternative<UpdateArrived>(event.what)) {
    totals_ = totals;
    tell(false);
  }
}

void RunRecorder::on_version(sim::Version version, sim::VirtualTime time, const RunTotals& totals) {
  rounds_.add_version(version, time, totals);
  totals_ = totals;
  tell(true);
}

void RunRecorder::on_evaluation(sim::Version version, const model::Evaluation& evaluation) {
  rounds_.add_evaluation(version, evaluation);
  if (version.value == 0) initial_ = evaluation;
  latest_ = evaluation;
  latest_version_ = version.value;
  tell(true);
}

double RunRecorder::wall_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

void RunRecorder::tell(bool milestone) {
  if (!progress_) return;
  constexpr double kSecondsBetweenUpdates = 0.1;
  const double now = wall_seconds();
  if (!milestone && now - told_at_ < kSecondsBetweenUpdates) return;
  told_at_ = now;
  Progress progress;
  progress.totals = totals_;
  progress.train_loss = rounds_.latest_train_loss();
  progress.evaluated_version = latest_version_;
  if (latest_) progress.perplexity = latest_->total.perplexity();
  progress.wall_seconds = now;
  progress.milestone = milestone;
  progress.tokens_per_second =
      static_cast<double>(totals_.train_tokens) / std::max(progress.wall_seconds, 1e-9);
  const auto share = [](double have, double want) { return want > 0.0 ? have / want : 0.0; };
  progress.done = std::clamp(
      std::max({share(static_cast<double>(totals_.versions), static_cast<double>(stop_.versions)),
                share(totals_.time.seconds(), stop_.virtual_seconds),
                share(static_cast<double>(totals_.updates_applied),
                      static_cast<double>(stop_.updates))}),
      0.0, 1.0);
  progress_(progress);
}

void RunRecorder::write_files() {
  events_file_.commit();
  rounds_.write(directory_ / "rounds.csv");
  clients_.write(directory_ / "clients.csv");
  trace_.finish(now_);
}

}  // namespace lorafleet::actors
