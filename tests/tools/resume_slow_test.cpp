#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "partition/support/random.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// The records of a TensorBoard file, sorted: scores stand where they came in.
std::string sorted_records(const std::string& file) {
  std::vector<std::string> records;
  for (std::size_t at = 0; at + 12 <= file.size();) {
    std::uint64_t length = 0;
    std::memcpy(&length, file.data() + at, sizeof length);
    records.push_back(file.substr(at, length + 16));
    at += records.back().size();
  }
  std::sort(records.begin(), records.end());
  return std::accumulate(records.begin(), records.end(), std::string());
}

/// All files of a run directory by their names, without what tells of real time.
std::map<std::string, std::string> files_of(const fs::path& run) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    if (!entry.is_regular_file()) continue;
    std::string name = entry.path().lexically_relative(run).generic_string();
    std::string bytes = read_file(entry.path());
    if (name == "run.log") continue;
    if (name == "summary.json") {
      auto summary = nlohmann::ordered_json::parse(bytes);
      for (const char* key : {"wall_seconds", "tokens_per_second", "peak_rss_bytes"})
        CHECK(summary.erase(key) == 1);
      bytes = summary.dump();
    } else if (name == "report.html") {
      const std::string end = " of real time</small>";
      const auto at = bytes.find(end);
      REQUIRE(at != bytes.npos);
      const auto from = bytes.rfind('>', at);
      bytes.erase(from, at - from);
    } else if (name.starts_with("events.out.tfevents.")) {
      name = "events.out.tfevents";
      bytes = sorted_records(bytes);
    }
    CHECK(files.emplace(std::move(name), std::move(bytes)).second);
  }
  return files;
}

/// Attackers, drop-outs, availability, compression with error feedback, a server with moments.
std::string surrogate_scenario() {
  return "name = \"killed\"\n[train]\nkind = \"surrogate\"\nlr = 0.1\n"
         "[surrogate]\nnoise = 0.01\n[partition]\nclients = 300\n"
         "[clients]\nconcurrency = 40\nselection = \"oort\"\n"
         "[aggregation]\nmode = \"fedbuff\"\nbuffer_size = 8\nserver_optimizer = \"adam\"\n"
         "server_lr = 0.01\nclip_norm = 2.0\nmax_staleness = 30\n"
         "[network]\ncompress_up = \"topk\"\nserver_upload_mbps = 1\n"
         "[availability]\ndrop_probability = 0.1\nmodel = \"markov\"\n"
         "mean_up_seconds = 3000\nmean_down_seconds = 500\n"
         "[[faults.attackers]]\nattack = \"noise\"\nshare = 0.1\n"
         "[devices]\ntiers = [{ name = \"a\", tokens_per_second = { distribution = \"lognormal\", "
         "median = 200, sigma = 1.0 } }]\n"
         "[evaluation]\nevery_versions = 25\n[checkpoint]\nevery_versions = 20\n"
         "[output]\ntensorboard = true\n"
         "[stop]\nversions = 1000\n";
}

class KilledRuns {
 public:
  KilledRuns(std::string scenario, std::vector<std::string> options)
      : scenario_(std::move(scenario)), options_(std::move(options)) {
    const auto start = std::chrono::steady_clock::now();
    const auto output = run("whole", "--out");
    REQUIRE_MESSAGE(output.status == 0, output.err);
    duration_ = std::chrono::steady_clock::now() - start;
    whole_ = files_of(folder_ / "whole");
  }

  /// Kills at a random moment, sometimes the resumed run too, resumes, compares.
  void kill_once(std::uint64_t number) {
    Random random(7, Purpose::schedule_test, number);
    const std::string name = "run" + std::to_string(number);
    CAPTURE(name);
    for (std::uint64_t kills = random.below(4) == 0 ? 2 : 1; kills > 0; --kills) {
      tests::Program program(arguments(name, fs::exists(folder_ / name) ? "--resume" : "--out"));
      std::this_thread::sleep_for(duration_ * (random.uniform() * 1.05));
      program.signal(SIGKILL);
      killed_ += program.wait().status == 128 + SIGKILL ? 1 : 0;
    }
    finish(name);
  }

  /// `warns`: the page has a warning more.
  void finish(const std::string& name, const std::string& warns = "") {
    const auto output = run(name, fs::exists(folder_ / name) ? "--resume" : "--out");
    REQUIRE_MESSAGE(output.status == 0, output.err);
    resumed_ += output.err.find("resuming at version") != std::string::npos ? 1 : 0;
    // Neither a checkpoint nor a half-written file is left over, nor is one missing or different.
    const auto found = files_of(folder_ / name);
    for (const auto& [file, bytes] : whole_) {
      CAPTURE(file);
      REQUIRE(found.contains(file));
      if (!warns.empty() && file == "report.html") {
        CHECK(found.at(file).find(warns) != std::string::npos);
        continue;
      }
      CHECK_MESSAGE(found.at(file) == bytes, "other bytes");
    }
    for (const auto& [file, bytes] : found)
      CHECK_MESSAGE(whole_.contains(file), file);
    fs::remove_all(folder_ / name);
  }

  tests::Program start(const std::string& name) { return tests::Program(arguments(name, "--out")); }
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
  /// What the run that was never killed left.
  [[nodiscard]] std::vector<std::string> file_names() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : whole_)
      names.push_back(name);
    return names;
  }
  [[nodiscard]] int killed() const { return killed_; }
  [[nodiscard]] int resumed() const { return resumed_; }
  [[nodiscard]] tests::Output run(const std::string& name, const std::string& how) const {
    return tests::run_program(arguments(name, how));
  }

 private:
  [[nodiscard]] std::vector<std::string> arguments(const std::string& name,
                                                   const std::string& how) const {
    std::vector<std::string> all = {"run", scenario_, how, (folder_ / name).string()};
    all.insert(all.end(), options_.begin(), options_.end());
    return all;
  }

  tests::TemporaryFolder folder_;
  std::string scenario_;
  std::vector<std::string> options_;
  std::chrono::duration<double> duration_{};
  std::map<std::string, std::string> whole_;
  int killed_ = 0;
  int resumed_ = 0;
};

/// How often a run is killed: LORAFLEET_KILLS, or else `usual`.
int kills_or(int usual) {
  const char* asked = std::getenv("LORAFLEET_KILLS");
  return asked == nullptr ? usual : std::atoi(asked);
}

TEST_CASE("kill -9 at random moments of a surrogate run changes no byte of any file") {
  const tests::TemporaryFolder folder;
  write_file(folder / "killed.toml", surrogate_scenario());
  KilledRuns runs((folder / "killed.toml").string(), {});
  CHECK(runs.file_names() == std::vector<std::string>{"clients.csv", "events.jsonl",
                                                      "events.out.tfevents", "offline.csv",
                                                      "report.html", "rounds.csv", "scenario.toml",
                                                      "summary.json", "trace.json"});
  const int wanted = kills_or(20);
  for (std::uint64_t i = 0; runs.killed() < wanted && i < 200; ++i)
    runs.kill_once(i);
  MESSAGE(runs.killed() << " kills, " << runs.resumed() << " resumed from a checkpoint");
  CHECK(runs.killed() >= wanted);
  CHECK(runs.resumed() >= wanted / 5);
}

TEST_CASE("kill -9 at random moments of real training changes no byte of any file") {
  const tests::SmallScenario scenario;
  KilledRuns runs(scenario.file(),
                  {"--set", "stop.versions=12", "--set", "clients.concurrency=4", "--set",
                   "checkpoint.every_versions=1", "--set", "evaluation.every_versions=2", "--set",
                   "evaluation.local_share=0.3", "--set", R"(evaluation.metrics=["exact_match"])",
                   "--set", "evaluation.max_new_tokens=4", "--set", "output.tensorboard=true"});
  CHECK(runs.file_names() ==
        std::vector<std::string>{"adapter/adapter_config.json", "adapter/adapter_model.safetensors",
                                 "clients.csv", "events.jsonl", "events.out.tfevents", "local.csv",
                                 "partition.json", "predictions.jsonl", "report.html", "rounds.csv",
                                 "scenario.toml", "summary.json", "trace.json"});
  const int wanted = kills_or(8);
  for (std::uint64_t i = 100; runs.killed() < wanted && i < 400; ++i)
    runs.kill_once(i);
  MESSAGE(runs.killed() << " kills, " << runs.resumed() << " resumed from a checkpoint");
  CHECK(runs.killed() >= wanted);
}

TEST_CASE("a run that was killed after its result is tidied up, and gets its page") {
  const tests::TemporaryFolder folder;
  write_file(folder / "killed.toml", surrogate_scenario());
  KilledRuns runs((folder / "killed.toml").string(), {"--set", "stop.versions=50"});
  const fs::path run = runs.path("late");
  fs::copy(runs.path("whole"), run);
  fs::remove(run / "report.html");
  fs::create_directories(run / "checkpoint/000001");
  write_file(run / "progress.json", "{}");
  write_file(run / "report.html.tmp", "<!DOCTYPE");
  runs.finish("late");
}

TEST_CASE("Ctrl-C leaves a checkpoint, from which the run goes on to the same bytes") {
  const tests::TemporaryFolder folder;
  write_file(folder / "killed.toml", surrogate_scenario());
  KilledRuns runs((folder / "killed.toml").string(), {});
  auto program = runs.start("stopped");
  while (!fs::exists(runs.path("stopped") / "checkpoint/000002"))
    std::this_thread::sleep_for(5ms);
  program.signal(SIGINT);
  const auto output = program.wait();
  REQUIRE_MESSAGE(output.status == 130, output.err);
  CHECK(fs::exists(runs.path("stopped") / "summary.json"));
  runs.finish("stopped");
  CHECK(runs.resumed() == 1);
}

TEST_CASE("a damaged checkpoint gives way to the one before; another scenario is refused") {
  const tests::TemporaryFolder folder;
  write_file(folder / "killed.toml", surrogate_scenario());
  KilledRuns runs((folder / "killed.toml").string(), {});
  auto program = runs.start("damaged");
  while (!fs::exists(runs.path("damaged") / "checkpoint/000004"))
    std::this_thread::sleep_for(5ms);
  program.signal(SIGKILL);
  program.wait();

  const auto other = tests::run_program({"run", (folder / "killed.toml").string(), "--resume",
                                         runs.path("damaged").string(), "--set", "seed=7"});
  CHECK(other.status == 2);
  CHECK(other.err.find("another scenario") != std::string::npos);

  fs::path newest;
  for (const auto& entry : fs::directory_iterator(runs.path("damaged") / "checkpoint"))
    newest = std::max(newest, entry.path());
  if (newest.filename().string().starts_with("writing")) fs::remove_all(newest);
  for (const auto& entry : fs::directory_iterator(runs.path("damaged") / "checkpoint"))
    newest = entry.path() > newest || !fs::exists(newest) ? entry.path() : newest;
  fs::resize_file(newest / "state.json", 100);
  runs.finish("damaged", "passed over, since it is damaged");

  const auto complete = runs.run("whole", "--resume");
  CHECK(complete.status == 0);
  CHECK(complete.out.find("complete already") != std::string::npos);
  const auto begun = runs.run("begun", "--resume");
  CHECK(begun.status == 0);
}

}  // namespace
}  // namespace lorafleet
