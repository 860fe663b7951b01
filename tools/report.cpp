#include <cmath>
#include <iostream>

#include "actors/report/data/sweep_folder.hpp"
#include "actors/report/report.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "scenarios/schema/expectations.hpp"
#include "scenarios/schema/toml_text.hpp"
#include "tools/command_line.hpp"
#include "tools/report_page.hpp"
#include "tools/terminal/console.hpp"

namespace lorafleet::tools {

namespace {

namespace fs = std::filesystem;

report::Run read_one(const fs::path& folder) {
  report::Run run{report::read_run(folder), "", {}, {}};
  const fs::path file = folder / "scenario.toml";
  if (!fs::is_regular_file(file)) return run;
  run.scenario_toml = read_file(file);
  const auto document = scenarios::parse_toml(run.scenario_toml, file.string());
  for (auto& [key, value] : scenarios::flat_settings(document))
    run.settings.push_back({std::move(key), std::move(value)});
  const auto* name = document.find("name");
  if (name != nullptr && std::holds_alternative<std::string>(name->data))
    run.name = std::get<std::string>(name->data);
  if (run.data.summary.figures.empty()) return run;
  for (const auto& verdict :
       scenarios::judge(scenarios::expectations_in(document), run.data.summary.figures)) {
    run.thresholds.push_back({verdict.expected, verdict.value, verdict.met});
  }
  return run;
}

/// The run directories that are meant: a sweep's folder stands for all of its runs.
std::vector<fs::path> runs_in(const std::vector<fs::path>& folders) {
  std::vector<fs::path> runs;
  for (const fs::path& folder : folders) {
    if (!report::is_sweep(folder)) {
      runs.push_back(folder);
      continue;
    }
    const auto found = report::runs_of_sweep(folder);
    if (found.empty()) throw InputError(folder.string(), "is a sweep without a run yet");
    runs.insert(runs.end(), found.begin(), found.end());
  }
  return runs;
}

std::size_t baseline_of(const fs::path& baseline, const std::vector<fs::path>& runs) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (fs::exists(baseline) && fs::equivalent(runs[i], baseline)) return i;
  }
  throw InputError("--baseline",
                   baseline.string() + " is none of the runs; allowed: one of the folders given");
}

std::optional<double> target_of(const CommandLine& line) {
  if (!line.has("target")) return std::nullopt;
  const std::string text = line.text("target");
  char* end = nullptr;
  const double target = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(target > 0.0) || !std::isfinite(target)) {
    throw InputError("--target", "\"" + text + "\" is no perplexity; allowed: a number above 0");
  }
  return target;
}

}  // namespace

void write_report(const ReportRequest& request, const fs::path& file) {
  const auto folders = runs_in(request.folders);
  report::PageOptions options;
  options.title = request.title;
  options.target = request.target;
  if (request.baseline) options.baseline = baseline_of(*request.baseline, folders);
  if (request.folders.size() == 1 && report::is_sweep(request.folders.front())) {
    options.answers = report::answers_of_sweep(request.folders.front());
    if (options.title.empty()) options.title = report::name_of_sweep(request.folders.front());
  }
  std::vector<report::Run> runs;
  for (const fs::path& folder : folders)
    runs.push_back(read_one(folder));
  write_file(file, report::report_page(std::move(runs), options));
}

void try_report(const ReportRequest& request, const fs::path& file) {
  try {
    write_report(request, file);
  } catch (const std::exception& error) {
    print_warning(file.string() + " was not written: " + error.what());
  }
}

int report_command(const Arguments& arguments) {
  CommandLine line("report",
                   "Writes one page for a browser that shows runs: no server, no network.",
                   "report runs/a runs/b --baseline runs/a --out compared.html");
  line.rest("DIR", "a run directory, a sweep's folder, or what `partition --out` wrote");
  line.option("out", "FILE",
              "the page; default: report.html, in the folder where one is given, here for several");
  line.option("baseline", "RUN", "one of the folders: times to the target are compared with its");
  line.option("target", "PERPLEXITY", "ask when each run came so far; default: what all reached");
  line.option("title", "TEXT", "over the page; default: the sweep's name, or the runs'");
  if (!line.parse(arguments)) return kDone;

  ReportRequest request;
  for (const auto& folder : line.texts("DIR"))
    request.folders.emplace_back(folder);
  if (line.has("baseline")) request.baseline = line.text("baseline");
  request.target = target_of(line);
  if (line.has("title")) request.title = line.text("title");
  const fs::path file = line.has("out")               ? fs::path(line.text("out"))
                        : request.folders.size() == 1 ? request.folders.front() / "report.html"
                                                      : fs::path("report.html");
  write_report(request, file);
  std::cout << "written to " << file.string() << "\n";
  return kDone;
}

}  // namespace lorafleet::tools
