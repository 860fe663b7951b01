#include <iostream>

#include "actors/output/predictions_jsonl.hpp"
#include "actors/output/summary_json.hpp"
#include "actors/run/without_training.hpp"
#include "model/adapter/class_names.hpp"
#include "model/adapter/peft.hpp"
#include "model/network/family.hpp"
#include "model/text/class_agreement.hpp"
#include "partition/support/numbers.hpp"
#include "tools/command_line.hpp"
#include "tools/progress.hpp"
#include "tools/scenario_argument.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

namespace fs = std::filesystem;

scenarios::Scenario read_scenario_or_run(const CommandLine& line) {
  const fs::path path = line.text("SCENARIO|RUN");
  const fs::path file = fs::is_directory(path) ? path / "scenario.toml" : path;
  std::vector<std::string> sets = line.texts("set");
  if (line.has("examples")) {
    sets.push_back("evaluation.max_examples=" + std::to_string(line.whole("examples", 0)));
  }
  if (line.has("metrics")) sets.push_back("evaluation.metrics=" + line.text("metrics"));
  auto scenario = scenarios::read_scenario(file, sets);
  for (const auto& warning : scenario.warnings)
    print_warning(warning);
  return scenario;
}

/// Of the adapter that the user names, or of the run's own; empty for the base alone.
fs::path adapter_folder(const CommandLine& line) {
  const fs::path path = line.text("SCENARIO|RUN");
  if (line.on("base-only")) {
    if (line.has("adapter")) throw InputError("--base-only", "cannot stand beside --adapter");
    return {};
  }
  if (line.has("adapter")) return line.text("adapter");
  if (fs::is_directory(path)) return path / "adapter";
  throw InputError("--adapter", "is missing; allowed: a PEFT directory, or --base-only");
}

model::AdapterPtr read_adapter(const fs::path& folder, const model::ModelConfig& base, bool warn) {
  if (folder.empty()) return nullptr;
  const auto shape = model::read_shape(base.path / "config.json");
  return std::make_shared<const model::Adapter>(
      warn ? model::load_peft(folder, shape, print_warning) : model::load_peft(folder, shape));
}

std::vector<std::string> row_of(const std::string& name, const model::Score& score, bool classes) {
  std::vector<std::string> row = {name, grouped(score.examples), fixed(score.loss(), 4)};
  if (classes) {
    for (const double value : {score.accuracy(), score.f1(), score.matthews()})
      row.push_back(fixed(value, 3));
  } else {
    row.push_back(figure(score.perplexity()));
    row.push_back(fixed(score.token_accuracy(), 3));
  }
  return row;
}

void print_evaluation(const model::Evaluation& evaluation) {
  const bool classes = evaluation.total.of_classifier();
  using Row = std::vector<std::string>;
  std::vector<Row> rows = {classes ? Row{"", "examples", "loss", "accuracy", "F1", "Matthews"}
                                   : Row{"", "examples", "loss", "perplexity", "token accuracy"},
                           row_of("all", evaluation.total, classes)};
  for (const auto& bin : evaluation.by_context_length) {
    rows.push_back(row_of(
        "context of " + std::to_string(bin.low) + " to " + std::to_string(bin.high) + " tokens",
        bin.score, classes));
  }
  for (const auto& group : evaluation.by_group)
    rows.push_back(row_of("group " + group.name, group.score, classes));
  std::cout << aligned(rows);
  if (evaluation.metrics.empty()) return;
  std::vector<std::vector<std::string>> metrics;
  for (const auto& [name, value] : evaluation.metrics)
    metrics.push_back({name, fixed(value, 4)});
  std::cout << "\nover " << evaluation.predictions.size() << " examples\n" << aligned(metrics);
}

}  // namespace

int evaluate_command(const Arguments& arguments) {
  CommandLine line("evaluate",
                   "Scores an adapter, or the base alone, on the held-out examples of a scenario, "
                   "as a run scores its final adapter.",
                   "evaluate runs/quickstart --metrics '[\"rouge\"]' --predictions texts.jsonl");
  line.positional("SCENARIO|RUN", "a scenario file, or a run directory with its adapter");
  line.option("adapter", "DIR", "a PEFT directory; default: the run's own");
  line.flag("base-only", "score the base without an adapter");
  line.repeated("set", "K=V", "set a key of the scenario; may be repeated");
  line.option("metrics", "LIST", "evaluation.metrics, e.g. '[\"rouge\", \"exact_match\"]'");
  line.option("examples", "N", "evaluation.max_examples; 0: all held-out ones");
  line.option("predictions", "FILE", "write what was generated or chosen, a JSON line an example");
  line.flag("json", "print the scores as JSON");
  line.flag("quiet", "no progress");
  if (!line.parse(arguments)) return kDone;

  const auto scenario = read_scenario_or_run(line);
  const fs::path folder = adapter_folder(line);
  const auto adapter = read_adapter(folder, scenario.federation.model, line.has("adapter"));
  ProgressDisplay display(progress_unless(line.on("quiet")));
  const auto [evaluation, classes] = actors::evaluate_adapter(
      scenario.federation, adapter, line.has("predictions"), observed_by(display));
  display.finish();
  if (!folder.empty()) {
    const auto differs = model::disagreement(model::load_class_names(folder), classes);
    if (!differs.empty()) print_warning("the classifier of " + folder.string() + ' ' + differs);
  }
  if (line.has("predictions")) {
    actors::write_predictions(evaluation.predictions, line.text("predictions"));
  }
  if (line.on("json")) {
    std::cout << actors::evaluation_json(evaluation, classes);
  } else {
    print_evaluation(evaluation);
  }
  return kDone;
}

}  // namespace lorafleet::tools
