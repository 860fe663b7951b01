#include "actors/federation.hpp"

#include <atomic>
#include <future>
#include <thread>

#include "actors/actor_fleet.hpp"
#include "actors/net/assets.hpp"
#include "actors/output/checkpoint_files.hpp"
#include "actors/output/local_csv.hpp"
#include "actors/output/predictions_jsonl.hpp"
#include "actors/output/run_log.hpp"
#include "actors/output/run_recorder.hpp"
#include "actors/output/summary_json.hpp"
#include "actors/run/dry_run.hpp"
#include "actors/run/learning.hpp"
#include "actors/run/local_evaluation.hpp"
#include "actors/run/private_factor_trainer.hpp"
#include "actors/run/run_scorer.hpp"
#include "actors/run/run_warnings.hpp"
#include "actors/run/workload.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/system_config.hpp"
#include "model/adapter/client_layouts.hpp"
#include "model/adapter/peft.hpp"
#include "model/device/blas_kernels.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/evaluation/scorer.hpp"
#include "model/network/base_model.hpp"
#include "partition/picture/picture.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

namespace {

std::vector<ClientFacts> client_facts(const Learning& learning) {
  std::vector<ClientFacts> facts;
  facts.reserve(learning.clients());
  for (std::size_t i = 0; i < learning.clients(); ++i) {
    const auto& device = learning.devices->profile({static_cast<std::uint32_t>(i)});
    facts.push_back({learning.devices->tier_names()[device.tier], device.tokens_per_second,
                     device.download_mbps, device.upload_mbps, learning.rank(i),
                     learning.examples(i)});
  }
  return facts;
}

std::string progress_line(const Progress& progress) {
  std::string line = "version " + std::to_string(progress.totals.versions) + " at " +
                     shortest(progress.totals.time.seconds()) + " s, " +
                     std::to_string(progress.totals.updates_applied) + " updates, train loss " +
                     shortest(progress.train_loss);
  if (progress.evaluated_version) {
    line += ", perplexity " + shortest(progress.perplexity) + " at version " +
            std::to_string(*progress.evaluated_version);
  }
  return line;
}

RunEnd run_actors(const FleetParts& parts, int threads, std::stop_token stop) {
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

}  // namespace

namespace {

/// Passes lines on at once, and again into the log as soon as there is one.
class EarlyLines {
 public:
  explicit EarlyLines(const RunOptions& options)
      : log([this, &options](const std::string& line) {
          lines_.push_back(line);
          options.log(line);
        }),
        warning([this, &options](const std::string& line) {
          lines_.push_back("warning: " + line);
          options.warning(line);
        }) {}
  EarlyLines(const EarlyLines&) = delete;
  EarlyLines& operator=(const EarlyLines&) = delete;

  void replay(RunLog& run_log) const {
    for (const auto& line : lines_)
      run_log.note(line);
  }

  const RunLog::Listener log;
  const RunLog::Listener warning;

 private:
  std::vector<std::string> lines_;
};

/// "localhost:4242 (127.0.0.1:4242, [::1]:4242; plain)"
std::string listening_text(const HeadSetup& head) {
  const std::string asked = head.options.listen.text();
  const std::string addresses = head.listening.addresses();
  return asked + " (" + (addresses == asked ? "" : addresses + "; ") +
         (head.tls ? "TLS" : "plain") + ")";
}

std::string status_of(const std::string& stop_reason) {
  return stop_reason == "interrupted" || stop_reason == "no_progress" ? stop_reason : "completed";
}

std::map<std::string, std::string> environment_of(const FleetParts& parts) {
  const auto runtime = model::runtime_info(parts.config.slots.device);
  return {{"libtorch", runtime.libtorch},
          {"blas", runtime.blas},
          {"blas_kernels", runtime.kernels},
          {"onednn", runtime.onednn},
          {"cpu", runtime.cpu},
          {"isa", runtime.isa},
          {"device", runtime.device},
          {"slots", std::to_string(parts.slots)},
          {"threads_per_slot", std::to_string(parts.config.slots.threads)}};
}

/// What computes, for run.log.
std::string computing_line(const std::string& device) {
  const auto runtime = model::runtime_info(device);
  const std::string& instead = model::blas_kernels().instead;
  return "computing with LibTorch " + runtime.libtorch + ", " + runtime.kernels +
         " kernels of BLAS" +
         (instead.empty() ? "" : " (chosen for this CPU, by itself it takes " + instead + ")") +
         ", oneDNN " + runtime.onednn + ", on " +
         (runtime.device == "cpu" ? runtime.cpu : runtime.device);
}

RunSummary summarise(const Learning& learning, const FleetParts& parts, const RunRecorder& recorder,
                     const RunEnd& end) {
  RunSummary summary;
  summary.name = parts.config.name;
  summary.seed = parts.config.seed;
  summary.status = status_of(end.totals.stop_reason);
  summary.adapter_sha256 = model::sha256(*end.adapter);
  summary.events_sha256 = recorder.events_sha256();
  summary.totals = end.totals;
  summary.clients = static_cast<std::int64_t>(learning.clients());
  if (learning.work) {
    summary.train_examples = static_cast<std::int64_t>(learning.work->partition.training.size());
    summary.test_examples = static_cast<std::int64_t>(learning.work->scored.size());
    summary.encoding = learning.work->encoding;
  } else {
    for (std::size_t c = 0; c < learning.clients(); ++c)
      summary.train_examples += learning.examples(c);
  }
  summary.wall_seconds = recorder.wall_seconds();
  summary.peak_rss_bytes = model::peak_rss_bytes();
  summary.initial = recorder.initial();
  summary.final = recorder.latest();
  summary.environment = environment_of(parts);
  return summary;
}

std::vector<LocalScore> local_scores(const Learning& learning, const FleetParts& parts,
                                     const RunEnd& end, std::stop_token stop) {
  const Workload& work = *learning.work;
  const auto& base = learning.base;
  LocalParts local;
  local.trainer = learning.honest;
  local.scorer = [&](std::uint32_t client) {
    return model::make_scorer(base, work.encoded, work.local_test[client], parts.config.evaluation);
  };
  local.context_tokens = [&](std::uint32_t client) {
    double sum = 0.0;
    for (const std::uint32_t index : work.local_test[client])
      sum += static_cast<double>(work.encoded->context_tokens(index));
    return sum / static_cast<double>(work.local_test[client].size());
  };
  local.train = work.client_examples;
  for (std::uint32_t client = 0; client < work.local_test.size(); ++client) {
    if (!work.local_test[client].empty()) local.clients.push_back(client);
  }
  const auto most = static_cast<std::size_t>(parts.config.evaluation.local_clients);
  if (most > 0 && local.clients.size() > most) local.clients.resize(most);
  const auto rule =
      strategy::lora_rules().make(parts.config.aggregation.lora, parts.config.aggregation);
  local.adapter = [&](std::uint32_t client) -> model::AdapterPtr {
    auto layout = parts.layouts.empty() ? end.adapter->layout : parts.layouts[client];
    if (const auto changed = end.clients.layouts.find(client); changed != end.clients.layouts.end())
      layout = changed->second;
    const auto received = rule->view(end.adapter, layout);
    const auto state = end.clients.states.find(client);
    if (state == end.clients.states.end()) return received;
    return std::make_shared<const model::Adapter>(with_private_b(*received, state->second.get()));
  };
  local.trains = rule->trains({end.totals.versions});
  local.run_seed = parts.config.seed;
  local.version = end.totals.versions;
  local.slots = parts.slots;
  local.threads = static_cast<int>(parts.config.slots.threads);
  return evaluate_locally(local, std::move(stop));
}

/// What a head knows only once everything is loaded.
void complete(HeadSetup& head, const FederationConfig& config, const Learning& learning,
              std::shared_ptr<const StatusBoard> board, RunLog& log) {
  head.run = config.name;
  head.environment = environment_here(head.options.version);
  head.fingerprint = fingerprint(config, learning);
  std::size_t values = learning.federation.initial->values.size();
  for (const auto& layout : learning.federation.layouts)
    values = std::max(values, layout->size());
  // An adapter, and as much private state as error feedback and factors of its own can come to.
  head.largest_update = 4 * static_cast<std::uint64_t>(values) * sizeof(float) + (1u << 20);
  head.board = std::move(board);
  head.log = [&log](const std::string& line) { log.info(line); };
  head.warning = [&log](const std::string& line) { log.warning(line); };
  for (auto& asset : head.options.assets)
    asset.sha256 = net::content_hash(asset.path);
  log.info("training " + std::to_string(learning.clients()) + " clients on the slots of " +
           std::to_string(head.options.hosts) + " or more hosts, listening on " +
           listening_text(head));
  for (const auto& passed_by : head.listening.passed_by)
    log.info("not listening on " + passed_by);
}

}  // namespace

RunOutcome run_federation(const FederationConfig& config, const RunOptions& options) {
  const EarlyLines early(options);
  std::shared_ptr<HeadSetup> head;
  if (options.head) head = std::make_shared<HeadSetup>(open_head(*options.head));
  const Learning learning = prepare_learning(config, true, early.log, early.warning);
  const auto& work = learning.work;

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
  FleetParts parts;
  parts.config = config;
  if (!learning.base) parts.config.aggregation.lora_report = false;  // nothing of it is LoRA
  parts.trainer = learning.trainer;
  parts.scorer = learning.scorer;
  parts.client_examples = learning.client_examples;
  parts.train_flops_per_token = learning.federation.train_flops_per_token;
  parts.initial = learning.federation.initial;
  parts.layouts = learning.federation.layouts;
  parts.message_bytes = learning.federation.message_bytes;
  parts.slots = config.slots.count > 0 ? static_cast<std::size_t>(config.slots.count)
                                       : std::max(1u, std::thread::hardware_concurrency());
  if (learning.trainer->is_instant()) {
    parts.workers = parts.slots;
    parts.slots = 1;
  }
  if (head) parts.slots = static_cast<std::size_t>(head->options.own_slots);
  parts.checkpoints = checkpoints;
  parts.resumed = resumed;

  RunLog log(options.out / "run.log", options.log, options.warning, resumed != nullptr);
  early.replay(log);
  if (work) {
    const std::string manifest = manifest_of(config, *work);
    const auto file = options.out / "partition.json";
    if (resumed && read_file(file) != manifest) {
      throw InputError(file.string(),
                       "is not the partition that the data give now: they changed "
                       "since the run began; allowed: the same data");
    }
    write_file(file, manifest);
  }
  write_file(options.out / "scenario.toml", options.scenario_toml);
  const auto board = std::make_shared<StatusBoard>();
  const auto recorder = std::make_shared<RunRecorder>(
      options.out, config, client_facts(learning),
      [&](const Progress& progress) {
        if (progress.milestone && work) log.note(progress_line(progress));
        board->write(progress.totals, progress.done);
        if (options.progress) options.progress(progress);
      },
      resumed ? &resumed->recorder : nullptr);
  parts.observer = recorder;
  if (learning.base) log.note(computing_line(config.slots.device));
  for (const auto& line : warnings_before(config, learning, parts.slots))
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
    end = run_actors(parts, static_cast<int>(config.slots.threads), options.stop);
  } catch (const std::exception& failure) {
    log.note(std::string("failed: ") + failure.what());
    recorder->write_files();
    throw;
  }
  recorder->write_files();
  if (learning.base) {
    model::save_peft(options.out / "adapter", *end.adapter,
                     model::server_lora(config.lora, learning.largest_device_rank()),
                     config.model.path.string());
  }
  RunSummary summary = summarise(learning, parts, *recorder, end);
  if (work && !work->local_test.empty()) {
    log.info("evaluating clients on their own test parts");
    auto scores = local_scores(learning, parts, end, options.stop);
    if (options.stop.stop_requested()) {
      summary.status = "interrupted";  // which clients were finished depends on real time
    } else if (scores.empty()) {
      log.warning("no client has a test part of its own; evaluation.local_share is too small");
    } else {
      summary.local = std::move(scores);
      write_local_csv(*summary.local, options.out / "local.csv");
    }
  }
  if (summary.final && !summary.final->predictions.empty()) {
    write_predictions(summary.final->predictions, options.out / "predictions.jsonl");
  }
  for (const auto& line : recorder->audit().warnings(config))
    log.warning(line);
  const std::string text = summary_json(summary);
  write_file(options.out / "summary.json", text);
  log.note(summary.status + " (" + end.totals.stop_reason + "), adapter " + summary.adapter_sha256);
  if (summary.status == "completed") checkpoints->remove();
  return {summary.status, end.totals.stop_reason, summary.adapter_sha256, summary.events_sha256,
          summary_figures(text)};
}

Schedule dry_run(const FederationConfig& config, const RunOptions& options) {
  const Learning learning = prepare_learning(config, false, options.log, options.warning);
  for (const auto& line : warnings_before(config, learning, 1))
    options.warning(line);
  return simulate_schedule(config, learning, options.warning);
}

std::string partition_only(const FederationConfig& config, const RunOptions& options) {
  const Workload work = prepare_workload(config, options.log, options.warning);
  if (!options.out.empty()) {
    make_folder(options.out);
    write_file(options.out / "partition.json", manifest_of(config, work));
    write_file(options.out / "partition.svg",
               partition::to_svg(work.partition, work.statistics, config.name));
  }
  return partition::to_text(work.partition, work.statistics);
}

model::Evaluation evaluate_adapter(const FederationConfig& config, const model::AdapterPtr& adapter,
                                   const RunOptions& options) {
  model::configure_thread(static_cast<int>(config.slots.threads));
  for (const auto& line : model::runtime_warnings())
    options.warning(line);
  const Workload work = prepare_workload(config, options.log, options.warning);
  const auto base = model::BaseModel::load(config.model, config.slots.device);
  return make_run_scorer(config, work, base)->evaluate_fully(adapter);
}

}  // namespace lorafleet::actors
