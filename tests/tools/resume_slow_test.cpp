#include <doctest/doctest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "partition/support/random.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// The bytes that must not depend on interruptions.
struct Bytes {
  std::string adapter;
  std::string events;
  std::string rounds;
  std::string clients;
  std::string trace;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

Bytes bytes_of(const fs::path& run) {
  const auto summary = nlohmann::json::parse(read_file(run / "summary.json"));
  const auto weights = run / "adapter/adapter_model.safetensors";
  return {summary.at("adapter_sha256").get<std::string>() +
              (fs::exists(weights) ? read_file(weights) : ""),
          read_file(run / "events.jsonl"), read_file(run / "rounds.csv"),
          read_file(run / "clients.csv"), read_file(run / "trace.json")};
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
    whole_ = bytes_of(folder_ / "whole");
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

  void finish(const std::string& name) {
    const auto output = run(name, fs::exists(folder_ / name) ? "--resume" : "--out");
    REQUIRE_MESSAGE(output.status == 0, output.err);
    resumed_ += output.err.find("resuming at version") != std::string::npos ? 1 : 0;
    CHECK(bytes_of(folder_ / name) == whole_);
    CHECK_FALSE(fs::exists(folder_ / name / "events.jsonl.tmp"));
    CHECK_FALSE(fs::exists(folder_ / name / "checkpoint"));
    fs::remove_all(folder_ / name);
  }

  tests::Program start(const std::string& name) { return tests::Program(arguments(name, "--out")); }
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
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
  Bytes whole_;
  int killed_ = 0;
  int resumed_ = 0;
};

TEST_CASE("kill -9 at fifty random moments of a surrogate run changes no byte") {
  const tests::TemporaryFolder folder;
  write_file(folder / "killed.toml", surrogate_scenario());
  KilledRuns runs((folder / "killed.toml").string(), {});
  for (std::uint64_t i = 0; runs.killed() < 50 && i < 200; ++i)
    runs.kill_once(i);
  MESSAGE(runs.killed() << " kills, " << runs.resumed() << " resumed from a checkpoint");
  CHECK(runs.killed() >= 50);
  CHECK(runs.resumed() >= 10);
}

TEST_CASE("kill -9 at random moments of real training changes no byte") {
  const tests::SmallScenario scenario;
  KilledRuns runs(scenario.file(),
                  {"--set", "stop.versions=12", "--set", "clients.concurrency=4", "--set",
                   "checkpoint.every_versions=1", "--set", "evaluation.every_versions=2"});
  for (std::uint64_t i = 100; i < 108; ++i)
    runs.kill_once(i);
  MESSAGE(runs.killed() << " kills, " << runs.resumed() << " resumed from a checkpoint");
  CHECK(runs.killed() >= 6);
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
  runs.finish("damaged");

  const auto complete = runs.run("whole", "--resume");
  CHECK(complete.status == 0);
  CHECK(complete.out.find("complete already") != std::string::npos);
  const auto begun = runs.run("begun", "--resume");
  CHECK(begun.status == 0);
}

}  // namespace
}  // namespace lorafleet
