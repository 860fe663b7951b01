#include "tools/sweep_runner.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "actors/output/summary_json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/process.hpp"
#include "tools/commands.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace fs = std::filesystem;
using scenarios::SweepRun;

namespace {

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  if (end == text.npos) return "";
  const auto begin = text.find_last_of('\n', end);
  return text.substr(begin == text.npos ? 0 : begin + 1,
                     end - (begin == text.npos ? 0 : begin + 1) + 1);
}

[[noreturn]] void throw_other_sweep(const fs::path& file) {
  throw InputError(file.string(), "belongs to another version of this sweep; use another --out");
}

}  // namespace

SweepRunner::SweepRunner(const scenarios::Sweep& sweep, fs::path out, std::size_t jobs,
                         ProgressDisplay& display, std::stop_token stop)
    : sweep_(sweep),
      out_(std::move(out)),
      jobs_(jobs),
      display_(display),
      stop_(std::move(stop)),
      runs_(sweep.cases.size(), std::vector<SweepRun>(sweep.seeds.size())) {
  std::vector<Task> tasks;
  for (std::size_t c = 0; c < sweep_.cases.size(); ++c) {
    for (std::size_t s = 0; s < sweep_.seeds.size(); ++s) {
      tasks.push_back({c, s, sweep_.cases[c].name + "/seed-" + std::to_string(sweep_.seeds[s])});
      runs_[c][s].folder = tasks.back().folder;
    }
  }
  refuse_strangers(tasks);
  for (const auto& task : tasks) {
    prepare(task);
    if (is_complete(task)) {
      runs_[task.point][task.seed] = finished(task);
    } else {
      open_.push_back(task);
    }
  }
  to_do_ = open_.size();
}

std::vector<std::size_t> SweepRunner::open_runs() const {
  std::vector<std::size_t> counts(sweep_.cases.size());
  for (const Task& task : open_)
    ++counts[task.point];
  return counts;
}

const scenarios::SweepRuns& SweepRunner::run() {
  began_ = Clock::now();
  write_tables();
  const std::stop_callback forward(stop_, [this] { halt_.request_stop(); });
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < std::min(jobs_, to_do_); ++i)
    workers.emplace_back([this] { work(); });
  workers.clear();
  if (failure_) std::rethrow_exception(failure_);
  return runs_;
}

bool SweepRunner::any(std::string_view status) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const auto& of_case) {
    return std::any_of(of_case.begin(), of_case.end(),
                       [&](const SweepRun& run) { return run.status == status; });
  });
}

fs::path SweepRunner::scenario_file(const Task& task) const {
  return out_ / (task.folder + ".toml");
}

void SweepRunner::refuse_strangers(const std::vector<Task>& tasks) const {
  std::set<fs::path> own;
  for (const Task& task : tasks)
    own.insert(scenario_file(task));
  for (const auto& one : fs::directory_iterator(out_)) {
    if (!one.is_directory()) continue;
    for (const auto& entry : fs::directory_iterator(one.path())) {
      const fs::path& file = entry.path();
      const bool of_a_run =
          file.extension() == ".toml" && file.filename().string().starts_with("seed-");
      if (of_a_run && !own.contains(file)) throw_other_sweep(file);
    }
  }
}

void SweepRunner::prepare(const Task& task) const {
  const std::string text = scenarios::to_toml(sweep_.cases[task.point].runs[task.seed]);
  const fs::path file = scenario_file(task);
  if (!fs::exists(file)) {
    make_folder(file.parent_path());
    write_file(file, text);
  } else if (read_file(file) != text) {
    throw_other_sweep(file);
  }
}

bool SweepRunner::is_complete(const Task& task) const {
  return fs::exists(out_ / (task.folder + ".status")) &&
         fs::exists(out_ / task.folder / "summary.json");
}

std::vector<SweepRunner::Task> SweepRunner::take_batch() {
  const std::lock_guard lock(mutex_);
  const std::size_t left = open_.size();
  if (halt_.stop_requested() || left == 0) return {};
  constexpr std::size_t kMost = 16;
  const std::size_t size = std::clamp<std::size_t>(left / (2 * jobs_), 1, kMost);
  std::vector<Task> batch(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(size));
  open_.erase(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(size));
  return batch;
}

void SweepRunner::work() {
  for (auto batch = take_batch(); !batch.empty(); batch = take_batch())
    perform(batch);
}

void SweepRunner::enter(const Task& task, const SweepRun& run) {
  const std::lock_guard lock(mutex_);
  if (failure_) return;
  try {
    runs_[task.point][task.seed] = run;
    ++done_;
    display_.info(std::to_string(done_) + " of " + std::to_string(to_do_) + ": " + run.folder +
                  " " + run.status + (run.error.empty() ? "" : ": " + run.error) + time_left());
    write_tables();
  } catch (...) {
    failure_ = std::current_exception();
    halt_.request_stop();
  }
}

std::string SweepRunner::time_left() const {
  if (done_ == to_do_) return "";
  const double gone = std::chrono::duration<double>(Clock::now() - began_).count();
  const double left = gone / static_cast<double>(done_) * static_cast<double>(to_do_ - done_);
  return ", about " + clock_text(left) + " left";
}

SweepRun SweepRunner::finished(const Task& task) const {
  SweepRun run;
  run.folder = task.folder;
  run.status = read_file(out_ / (task.folder + ".status"));
  run.figures = actors::summary_figures(read_file(out_ / task.folder / "summary.json"));
  return run;
}

SweepRun SweepRunner::told(const Task& task, std::string_view line) const {
  SweepRun run;
  run.folder = task.folder;
  const auto json = nlohmann::json::parse(line);
  run.status = json.at("status").get<std::string>();
  run.error = json.at("error").get<std::string>();
  if (run.status != SweepRun::kCompleted && run.status != SweepRun::kMissed) return run;
  run.figures = actors::summary_figures(read_file(out_ / task.folder / "summary.json"));
  write_file(out_ / (task.folder + ".status"), run.status);
  return run;
}

SweepRun SweepRunner::failed_run(const Task& task, const std::string& error) {
  SweepRun run;
  run.folder = task.folder;
  run.status = SweepRun::kFailed;
  run.error = error;
  return run;
}

void SweepRunner::perform(const std::vector<Task>& batch) {
  std::size_t next = 0;
  while (next < batch.size() && !halt_.stop_requested()) {
    std::vector<std::string> command = {"/proc/self/exe", "sweep-runs"};
    if (jobs_ > 1) {
      const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
      command.insert(
          command.end(),
          {"--set", "slots.count=" + std::to_string(std::max<std::size_t>(1, cores / jobs_))});
    }
    for (std::size_t i = next; i < batch.size(); ++i)
      command.push_back(scenario_file(batch[i]).string());
    const std::size_t before = next;
    ProcessResult result;
    try {
      result = run_program(
          command,
          [&](std::string_view line) {
            if (next == batch.size()) return;
            const Task& task = batch[next++];
            try {
              enter(task, told(task, line));
            } catch (const std::exception& failure) {
              enter(task, failed_run(task, failure.what()));
            }
          },
          halt_.get_token());
    } catch (const std::exception& failure) {
      result.errors = failure.what();
    }
    const bool ended =
        next == batch.size() || result.status == kInterrupted || halt_.stop_requested();
    if (ended || (result.status == kDone && next > before)) return;
    const std::string why = last_line(result.errors);
    enter(batch[next], failed_run(batch[next], why.empty() ? "its process ended with status " +
                                                                 std::to_string(result.status)
                                                           : why));
    ++next;
  }
}

void SweepRunner::write_tables() const {
  write_file(out_ / "sweep.csv", scenarios::sweep_csv(sweep_, runs_));
  write_file(out_ / "sweep.json", scenarios::sweep_json(sweep_, runs_));
}

}  // namespace lorafleet::tools
