#include <iostream>

#include "actors/output/predictions_jsonl.hpp"
#include "actors/output/summary_json.hpp"
#include "actors/run/without_training.hpp"
#include "model/adapter/peft.hpp"
#include "model/network/family.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/progress.hpp"
#include "tools/scenario_argument.hpp"
#include "tools/text.hpp"

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

/// The adapter that the user names, or the run's own; nothing for the base alone.
model::AdapterPtr read_adapter(const CommandLine& line, const model::ModelConfig& base) {
  const fs::path path = line.text("SCENARIO|RUN");
  if (line.on("base-only")) {
    if (line.has("adapter")) throw InputError("--base-only", "cannot stand beside --adapter");
    return nullptr;
  }
  if (line.has("adapter")) {
    return std::make_shared<const model::Adapter>(model::load_peft(
        line.text("adapter"), model::read_shape(base.path / "config.json"), print_warning));
  }
  if (fs::is_directory(path)) {
    return std::make_shared<const model::Adapter>(
        model::load_peft(path / "adapter", model::read_shape(base.path / "config.json")));
  }
  throw InputError("--adapter", "is missing; allowed: a PEFT directory, or --base-only");
}

std::vector<std::string> row_of(const std::string& name, const model::Score& score) {
  const bool classes = score.of_classifier();
  return {name, grouped(score.examples), fixed(score.loss(), 4),
          classes ? fixed(score.accuracy(), 3) : figure(score.perplexity()),
          fixed(classes ? score.f1() : score.token_accuracy(), 3)};
}

void print_evaluation(const model::Evaluation& evaluation) {
  const bool classes = evaluation.total.of_classifier();
  std::vector<std::vector<std::string>> rows = {
      {"", "examples", "loss", classes ? "accuracy" : "perplexity",
       classes ? "F1" : "token accuracy"},
      row_of("all", evaluation.total)};
  for (const auto& bin : evaluation.by_context_length) {
    rows.push_back(row_of(
        "context of " + std::to_string(bin.low) + " to " + std::to_string(bin.high) + " tokens",
        bin.score));
  }
  for (const auto& group : evaluation.by_group)
    rows.push_back(row_of("group " + group.name, group.score));
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
  line.option("predictions", "FILE", "write what was generated and chosen, a JSON line an example");
  line.flag("json", "print the scores as JSON");
  line.flag("quiet", "no progress");
  if (!line.parse(arguments)) return kDone;

  const auto scenario = read_scenario_or_run(line);
  const auto adapter = read_adapter(line, scenario.federation.model);
  ProgressDisplay display(progress_unless(line.on("quiet")));
  const auto evaluation =
      actors::evaluate_adapter(scenario.federation, adapter, observed_by(display));
  display.finish();
  if (line.has("predictions")) {
    actors::write_predictions(evaluation.predictions, line.text("predictions"));
  }
  if (line.on("json")) {
    std::cout << actors::evaluation_json(evaluation);
  } else {
    print_evaluation(evaluation);
  }
  return kDone;
}

}  // namespace lorafleet::tools
