#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

#include "actors/federation.hpp"
#include "partition/support/files.hpp"
#include "tools/command_line.hpp"
#include "tools/progress.hpp"
#include "tools/scenario_argument.hpp"
#include "tools/signals.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/outcome_text.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

/// How many slots, and how many jobs each trains side by side; 0: as the scenario says.
struct Slots {
  std::int64_t count = 1;
  std::int64_t cohort = 0;

  [[nodiscard]] std::string text() const {
    return std::to_string(count) + (cohort > 0 ? "x" + std::to_string(cohort) : "");
  }
};

struct Trial {
  Slots slots;
  std::filesystem::path folder;
  actors::RunOutcome outcome;
};

std::vector<Slots> parse_slots(const std::string& text) {
  std::vector<Slots> counts;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t times = part.find('x');
    Slots own{parse_whole(part.substr(0, times), "--slots", 1), 0};
    if (times != std::string::npos) own.cohort = parse_whole(part.substr(times + 1), "--slots", 1);
    counts.push_back(own);
  }
  if (counts.size() < 2) {
    throw InputError("--slots", "\"" + text + "\" names fewer than two counts; example: 1,2,4");
  }
  return counts;
}

/// Where the runs go: a folder of the user's, or one that goes away unless it is kept.
class RunsFolder {
 public:
  explicit RunsFolder(const CommandLine& line) : kept_(line.has("out")) {
    if (kept_) {
      path_ = line.text("out");
      require_unused(path_);
      return;
    }
    std::string pattern =
        (std::filesystem::temp_directory_path() / "lorafleet-verify-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw RuntimeFailure(pattern + ": no temporary folder can be made there");
    }
    path_ = pattern;
  }
  ~RunsFolder() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }
  RunsFolder(const RunsFolder&) = delete;
  RunsFolder& operator=(const RunsFolder&) = delete;

  void keep() { kept_ = true; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool kept_;
};

bool same_bytes(const Trial& a, const Trial& b) {
  return a.outcome.adapter_sha256 == b.outcome.adapter_sha256 &&
         a.outcome.events_sha256 == b.outcome.events_sha256;
}

std::string seconds_or_tokens(const actors::RunOutcome& outcome, const std::string& key) {
  const auto found = outcome.figures.find(key);
  return found == outcome.figures.end() ? "-" : figure(found->second);
}

void print_trials(const std::vector<Trial>& trials) {
  std::vector<std::vector<std::string>> rows = {
      {"slots", "adapter sha256", "events sha256", "tokens/s", "seconds", "bytes"}};
  for (const auto& trial : trials) {
    rows.push_back({trial.slots.text(), trial.outcome.adapter_sha256.substr(0, 16),
                    trial.outcome.events_sha256.substr(0, 16),
                    seconds_or_tokens(trial.outcome, "tokens_per_second"),
                    seconds_or_tokens(trial.outcome, "wall_seconds"),
                    same_bytes(trial, trials.front()) ? "equal" : "DIFFER"});
  }
  std::cout << aligned(rows);
}

}  // namespace

int verify_command(const Arguments& arguments) {
  CommandLine line("verify",
                   "Runs a scenario with several numbers of slots, and of jobs that share one, and "
                   "compares the bytes of the final adapter and of the event log.",
                   "verify scenarios/quickstart.toml --slots 1,2,4 --set stop.versions=10");
  add_scenario(line);
  line.option("slots", "N,NxM,...",
              "the numbers of slots; NxM: N slots that train M jobs side by side each", "1,2,4");
  line.option("out", "DIR",
              "keep the runs there; default: a temporary folder, kept "
              "only where bytes differ");
  line.flag("quiet", "no progress, only warnings and the result");
  line.note("Exit status: 0 equal, 1 different or failed, 2 bad input, 130 interrupted.");
  if (!line.parse(arguments)) return kDone;

  auto scenario = read_scenario_argument(line);
  const auto counts = parse_slots(line.text("slots"));
  RunsFolder runs(line);
  ProgressDisplay display(progress_unless(line.on("quiet")));
  StopOnSignals signals([&] { display.info("stopping; Ctrl-C again exits at once"); });

  std::vector<Trial> trials;
  for (std::size_t i = 0; i < counts.size() && !signals.requested(); ++i) {
    const std::int64_t cohort = scenario.federation.slots.cohort;
    scenario.federation.slots.count = counts[i].count;
    if (counts[i].cohort > 0) scenario.federation.slots.cohort = counts[i].cohort;
    actors::RunOptions options = observed_by(display);
    options.out = runs.path() / (std::to_string(i + 1) + "-slots-" + counts[i].text());
    options.scenario_toml = scenarios::to_toml(scenario);
    options.identity = scenarios::identity(scenario);
    options.stop = signals.token();
    trials.push_back(
        {counts[i], options.out, actors::run_federation(scenario.federation, options)});
    scenario.federation.slots.cohort = cohort;
    if (made_no_progress(trials.back().outcome)) break;
  }
  display.finish();

  if (signals.requested()) {
    print_error("interrupted before all runs were done");
    return kInterrupted;
  }
  if (made_no_progress(trials.back().outcome)) {
    print_error(no_progress_text(trials.back().outcome));
    print_error("equal bytes of runs that led nowhere would show nothing");
    return kFailed;
  }
  print_trials(trials);
  bool equal = true;
  for (const auto& trial : trials)
    equal = equal && same_bytes(trial, trials.front());
  if (!equal) {
    runs.keep();
    print_error("the bytes differ; the runs are in " + runs.path().string());
    return kFailed;
  }
  std::cout << "adapter sha256 " << trials.front().outcome.adapter_sha256 << "\n"
            << "events sha256  " << trials.front().outcome.events_sha256 << "\n"
            << "equal bytes on all numbers of slots\n";
  return kDone;
}

}  // namespace lorafleet::tools
