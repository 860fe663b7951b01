#include <future>

#include "actors/report/data/run_data.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::report {

namespace fs = std::filesystem;

std::vector<std::string> read_warnings(const fs::path& file) {
  constexpr std::size_t kMost = 100;
  constexpr std::string_view kMark = " warning: ";
  std::vector<std::string> warnings;
  for_each_line(file, [&](std::string_view line, std::size_t) {
    // "2026-11-26 18:08:42.211 warning: ..."
    const auto at = line.find(kMark);
    if (at == line.npos || at > 30 || warnings.size() == kMost) return;
    warnings.emplace_back(line.substr(at + kMark.size()));
  });
  return warnings;
}

namespace {

/// At most the last three names of a folder's path.
std::string last_names(const fs::path& folder) {
  constexpr int kMost = 3;
  fs::path path = fs::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  fs::path names;
  for (int i = 0; i < kMost && path.has_filename(); ++i) {
    names = names.empty() ? path.filename() : path.filename() / names;
    path = path.parent_path();
  }
  return names.generic_string();
}

}  // namespace

RunData read_run(const fs::path& folder) {
  const auto has = [&](const char* name) { return fs::is_regular_file(folder / name); };
  if (!fs::is_directory(folder)) {
    throw InputError(folder.string(), fs::exists(folder)
                                          ? "is no folder; allowed: run directories, a sweep's"
                                          : "no such folder");
  }
  if (!has("scenario.toml") && !has("partition.json")) {
    throw InputError(folder.string(),
                     "is no run directory: it has neither scenario.toml nor partition.json; "
                     "allowed: what `lorafleet run`, `sweep` or `partition` wrote");
  }
  RunData run;
  run.folder = last_names(folder);
  // What a run's event log is called until the run ends (actors/output/run_recorder.cpp).
  constexpr const char* kGrowing = "events.jsonl.tmp";
  const bool growing = !has("events.jsonl") && has(kGrowing);
  const bool began = has("run.log") || has("progress.json") || has("events.jsonl") || growing;
  run.unfinished = began && !has("summary.json");
  if (has("summary.json")) run.summary = read_summary(folder / "summary.json");
  // The two large tables at the same time.
  std::future<void> rounds;
  if (has("rounds.csv")) {
    rounds = std::async(std::launch::async, [&] { read_rounds(folder / "rounds.csv", run); });
  }
  if (has("clients.csv")) run.clients = read_clients(folder / "clients.csv");
  if (growing || has("events.jsonl")) {
    run.events = read_events(folder / (growing ? kGrowing : "events.jsonl"),
                             run.clients ? &*run.clients : nullptr, growing);
  }
  if (has("offline.csv") && run.events) read_offline(folder / "offline.csv", *run.events);
  if (has("local.csv")) run.local = read_local(folder / "local.csv");
  if (has("partition.json")) run.partition = read_partition(folder / "partition.json");
  if (has("run.log")) run.warnings = read_warnings(folder / "run.log");
  if (rounds.valid()) rounds.get();
  run.score = &score_where([&](const std::string& key) {
    return run.curves.contains("eval_" + key) || run.summary.figures.contains("final." + key);
  });
  return run;
}

}  // namespace lorafleet::report
