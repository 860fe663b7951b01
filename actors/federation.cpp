#include "actors/federation.hpp"

#include <algorithm>

#include "actors/actor_fleet.hpp"
#include "actors/coordinator/run_status.hpp"
#include "actors/output/checkpoint_files.hpp"
#include "actors/output/early_lines.hpp"
#include "actors/output/local_csv.hpp"
#include "actors/output/partition_json.hpp"
#include "actors/output/predictions_jsonl.hpp"
#include "actors/output/progress_json.hpp"
#include "actors/output/run_log.hpp"
#include "actors/output/run_summary.hpp"
#include "actors/run/environment.hpp"
#include "actors/run/local_scores.hpp"
#include "actors/run/run_warnings.hpp"
#include "actors/run/slot_jobs.hpp"
#include "model/adapter/class_names.hpp"
#include "model/adapter/client_layouts.hpp"
#include "model/adapter/peft.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {

namespace {

void evaluate_clients(const FederationConfig& config, const Learning& learning, const RunEnd& end,
                      std::size_t slots, const RunOptions& options, RunLog& log,
                      RunSummary& summary) {
  log.info("evaluating clients on their own test parts");
  auto scores = local_scores(config, learning, {end.adapter, {end.totals.versions}, end.clients},
                             slots, options.stop);
  if (options.stop.stop_requested()) {
    summary.status = kRunInterrupted;  // which clients were finished depends on real time
  } else if (scores.empty()) {
    log.warning("no client has a test part of its own; evaluation.local_share is too small");
  } else {
    summary.local = std::move(scores);
    write_local_csv(*summary.local, options.out / "local.csv");
  }
}

}  // namespace

RunOutcome run_federation(const FederationConfig& config, const RunOptions& options) {
  EarlyLines early(options);
  std::shared_ptr<HeadSetup> head;
  if (options.head) head = std::make_shared<HeadSetup>(open_head(*options.head));
  const Learning learning = prepare_learning(config, devices_of_run(config, options, early.warning),
                                             early.log, early.warning, options.shared);
  const auto& work = learning.work;
  FleetParts parts = fleet_parts(config, learning, head.get(), early.warning);

  make_folder(options.out);
  const FolderLock lock(options.out);
  const auto checkpoints =
      std::make_shared<CheckpointFiles>(options.out / "checkpoint", options.identity);
  std::shared_ptr<const RunCheckpoint> resumed;
  if (options.resume) {
    const auto events_bytes = RunRecorder::events_bytes(options.out);
    if (auto found = checkpoints->read_latest(events_bytes, early.warning)) {
      resumed = std::make_shared<const RunCheckpoint>(std::move(*found));
    }
  }
  parts.checkpoints = checkpoints;
  parts.resumed = resumed;

  RunLog log(options.out / "run.log", options.log, options.warning, resumed != nullptr);
  early.replay(log);
  if (work) write_manifest(config, *work, resumed != nullptr, options.out / "partition.json");
  write_file(options.out / "scenario.toml", options.scenario_toml);
  const auto board = std::make_shared<StatusBoard>();
  ProgressFile progress_file(options.out);
  if (!learning.trainer->is_instant()) parts.slot_board = std::make_shared<SlotBoard>(parts.slots);
  const auto recorder = std::make_shared<RunRecorder>(
      options.out, config, client_facts(learning),
      [&](const Progress& told) {
        Progress progress = told;
        if (parts.slot_board) progress.slots = parts.slot_board->read();
        if (progress.milestone && work) log.note(text_of(progress));
        board->write(progress);
        progress_file.write(progress);
        if (options.progress) options.progress(progress);
      },
      resumed ? &resumed->recorder : nullptr);
  parts.observer = recorder;
  if (!learning.bases.empty()) {
    log.note(computing_line(config.slots, learning.bases.size()));
  }
  for (const auto& line : warnings_before(config, learning, *parts.federation.world, parts.slots))
    log.warning(line);
  if (resumed) {
    log.info("resuming at version " + std::to_string(resumed->coordinator.current.value));
  }
  if (head) {
    complete(*head, config, learning, board, log);
    parts.head = head;
  } else {
    log.info("training " + std::to_string(learning.clients()) + " clients on " +
             std::to_string(std::max(parts.slots, parts.workers > 2 ? parts.workers : 1)) +
             " slots");
  }

  RunEnd end;
  try {
    end = run_fleet(parts, static_cast<int>(config.slots.threads), options.stop);
  } catch (const std::exception& failure) {
    log.note(std::string("failed: ") + failure.what());
    recorder->write_files(parts.federation.world.get());
    throw;
  }
  recorder->write_files(parts.federation.world.get());
  if (!learning.bases.empty()) {
    model::save_peft(options.out / "adapter", *end.adapter,
                     model::server_lora(config.lora, learning.largest_device_rank()),
                     config.model.path.string(), work->shape, config.model.quantization);
    model::save_class_names(options.out / "adapter", work->classes);
  }
  RunSummary summary = summarise(config, learning, *recorder, *end.adapter, end.totals,
                                 {parts.slots, parts.jobs_of_slot});
  if (work && !work->local_test.empty()) {
    evaluate_clients(config, learning, end, parts.slots, options, log, summary);
  }
  if (summary.final && !summary.final->predictions.empty()) {
    write_predictions(summary.final->predictions, options.out / "predictions.jsonl");
  }
  for (const auto& line : recorder->audit().warnings(config))
    log.warning(line);
  const std::string text = summary_json(summary);
  write_file(options.out / "summary.json", text);
  log.note(summary.status + " (" + end.totals.stop_reason + "), adapter " + summary.adapter_sha256);
  if (summary.status == kRunCompleted) checkpoints->remove();
  progress_file.remove();
  return {summary.status, end.totals.stop_reason, summary.adapter_sha256, summary.events_sha256,
          summary_figures(text)};
}

}  // namespace lorafleet::actors
