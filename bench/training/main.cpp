// How fast this machine trains, and how near that is to what its matrix products allow
// (bench/README.md).

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "bench/support/bases.hpp"
#include "bench/support/machine.hpp"
#include "bench/support/options.hpp"
#include "bench/training/examples.hpp"
#include "bench/training/outcome.hpp"
#include "bench/training/task.hpp"
#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::bench {
namespace {

using tools::CommandLine;

volatile std::sig_atomic_t interrupted = 0;

constexpr const char* kWorks[] = {"products", "train", "evaluate", "generate", "clients"};

struct Setting {
  std::size_t slots = 1;
  int threads = 1;
};

std::vector<Setting> settings_of(const CommandLine& line) {
  std::vector<Setting> settings;
  for (const auto& text : list_of(line, "settings")) {
    const std::size_t cross = text.find('x');
    if (cross == std::string::npos) {
      throw InputError("--settings", "\"" + text + "\" is not SLOTSxTHREADS, such as 2x1");
    }
    const auto slots = tools::parse_whole(text.substr(0, cross), "--settings", 1);
    const auto threads = tools::parse_whole(text.substr(cross + 1), "--settings", 1);
    if (slots > 1024 || threads > 1024) {
      throw InputError("--settings", text + " is out of range; allowed: 1 to 1024 each");
    }
    settings.push_back({static_cast<std::size_t>(slots), static_cast<int>(threads)});
  }
  return settings;
}

/// A rough figure: the weights, laid out twice more in bfloat16, and some activations.
double needed_bytes(const Base& base, const std::string& dtype, std::size_t slots) {
  return base.weights * (dtype == "float32" ? 4.0 : 6.0) + 1e9 * static_cast<double>(slots);
}

std::string gigabytes(double bytes) {
  return std::to_string(std::llround(bytes * 1e-9));
}

/// What the command line asks for, in the order of the table.
std::vector<Outcome> outcomes_of(const CommandLine& line, const std::vector<Base>& bases) {
  const auto works = list_of(line, "work", {std::begin(kWorks), std::end(kWorks)});
  const auto data = list_of(line, "data", {"dense", "mixed"});
  const auto settings = settings_of(line);
  const double available = static_cast<double>(available_bytes());
  std::set<std::string> left_out;
  std::vector<Outcome> outcomes;
  for (const Base& base : bases) {
    for (const auto& dtype : list_of(line, "dtypes", {"float32", "bfloat16"})) {
      Task task;
      task.base = base.path.string();
      task.dtype = dtype;
      task.lengths = line.text("lengths");
      task.packing = line.text("packing");
      task.seconds = seconds_of(line);
      const auto add = [&](const std::string& work, const std::string& of, Setting setting) {
        if (std::find(works.begin(), works.end(), work) == works.end()) return;
        const double needed = needed_bytes(base, dtype, setting.slots);
        if (available > 0.0 && needed > available) {
          left_out.insert(base.name + " in " + dtype + " with " + std::to_string(setting.slots) +
                          " slots is left out: it needs about " + gigabytes(needed) +
                          " GB of memory, " + gigabytes(available) + " GB are free\n");
          return;
        }
        task.work = work;
        task.data = of;
        task.slots = setting.slots;
        task.threads = setting.threads;
        outcomes.push_back({base.name, task});
      };
      std::set<int> threads;  // of a slot, and of all
      for (const Setting& setting : settings) {
        threads.insert(setting.threads);
        threads.insert(static_cast<int>(setting.slots) * setting.threads);
      }
      for (const int count : threads)
        add("products", "", {1, count});
      for (const auto& of : data) {
        for (const Setting& setting : settings)
          add("train", of, setting);
      }
      for (const auto& of : data) {
        for (const Setting& setting : settings) {
          if (setting.slots == 1) add("evaluate", of, setting);
        }
      }
      for (const Setting& setting : settings) {
        if (setting.slots == 1) add("generate", "", setting);
      }
      add("clients", "", {1, 1});
    }
  }
  for (const auto& text : left_out)
    std::cerr << text;
  return outcomes;
}

/// In a process of its own, so that its peak memory is its own too.
void run_once(Outcome& outcome) {
  nlohmann::json result;
  try {
    const nlohmann::json task = outcome.task;
    const auto ended =
        run_program({"/proc/self/exe", "--task", task.dump()}, [&](std::string_view text) {
          if (text.starts_with('{')) {
            result = model::parse_json(text, "a measurement");
          }
        });
    if (ended.status != 0 || result.is_null()) {
      throw RuntimeFailure("status " + std::to_string(ended.status) + ": " + ended.errors);
    }
  } catch (const std::exception& error) {
    outcome.problem = error.what();
    while (outcome.problem.ends_with('\n'))
      outcome.problem.pop_back();
    result = nullptr;
  }
  outcome.runs.push_back(std::move(result));
}

std::string machine_text(const nlohmann::ordered_json& machine) {
  std::string sets;
  for (const auto& set : machine.at("instruction_sets"))
    sets += (sets.empty() ? "" : " ") + set.get<std::string>();
  const auto text = [&](const char* key) { return machine.at(key).get<std::string>(); };
  std::string result = text("cpu") + ", " + std::to_string(machine.at("cores").get<int>()) +
                       " cores: " + sets + "\non " + text("device") + "; LibTorch " +
                       text("libtorch") + "; BLAS " + text("blas") + ", kernels " +
                       text("blas_kernels") + "; oneDNN " + text("onednn") + "\n";
  for (const auto& warning : machine.at("warnings"))
    result += "warning: " + warning.get<std::string>() + "\n";
  return result;
}

std::string work_text(const CommandLine& line, std::int64_t repetitions) {
  const auto lengths = read_lengths(line.text("lengths"));
  double tokens = 0.0;
  for (const ExampleLength& length : lengths)
    tokens += static_cast<double>(length.tokens);
  char share[64];
  std::snprintf(share, sizeof share, "%.0f tokens in the mean, %.1f %% labels",
                tokens / static_cast<double>(lengths.size()), 100.0 * label_share(lengths));
  return "LoRA r = 8 on queries and values; a step is 8 examples. dense: 128 tokens each, 20 of "
         "them labels;\nmixed: " +
         line.text("lengths") + ", " + share +
         ". generate: 16 prompts of 64 tokens, 32 new ones each.\nEach figure is the median of " +
         std::to_string(repetitions) +
         " repetitions; others: CPU time of the machine that other processes took\n";
}

void add_options(CommandLine& line) {
  line.option("shapes", "LIST",
              "folders, or sizes that are written with random weights, such as "
              "llama-3.2-1b",
              "opt-mini,opt-125m,smollm2-135m");
  line.option("dtypes", "LIST", "of the frozen base", "float32,bfloat16");
  line.option("settings", "LIST", "slots x threads of each", "1x1,2x1,1x2");
  line.option("data", "LIST", "what is trained on and scored", "dense,mixed");
  line.option("work", "LIST", "what is measured", "products,train,evaluate,generate,clients");
  line.option("lengths", "FILE", "the mixed examples: a table of tokens,labels",
              (tests::source_folder() / "bench" / "mixed_lengths.csv").string());
  line.option("packing", "NAME", "of a bfloat16 base, model.packing: auto, none, all", "auto");
  line.option("seconds", "X",
              "for each measurement; one of training takes at least two steps of each slot", "5");
  line.option("repetitions", "N", "of all of them, in turns", "3");
  line.option("bases", "DIR", "keep the written bases there, and take those that are there");
  line.option("json", "FILE", "write all measurements there too");
  line.option("task", "JSON",
              "one measurement in this process; what the program calls itself with");
}

int benchmark(const CommandLine& line) {
  const std::int64_t repetitions = line.whole("repetitions", 1);
  read_lengths(line.text("lengths"));
  const tests::TemporaryFolder temporary;
  const std::filesystem::path folder =
      line.has("bases") ? std::filesystem::path(line.text("bases")) : temporary.path();
  make_folder(folder);
  std::vector<Base> bases;
  for (const auto& name : list_of(line, "shapes"))
    bases.push_back(base_named(name, folder, "--shapes"));
  auto outcomes = outcomes_of(line, bases);
  if (outcomes.empty()) throw InputError("--work", "there is nothing to measure");
  for (const Base& base : bases)
    write_where_missing(base);
  nlohmann::ordered_json report;
  report["machine"] = describe_machine();
  std::cout << machine_text(report["machine"]) << work_text(line, repetitions) << std::endl;
  // The measurement at hand ends by Ctrl-C; those before it are shown.
  std::signal(SIGINT, [](int) { interrupted = 1; });
  bool complete = true;
  for (std::int64_t i = 0; i < repetitions; ++i) {
    std::size_t number = 0;
    for (Outcome& outcome : outcomes) {
      if (interrupted != 0) break;
      std::cerr << "repetition " << i + 1 << " of " << repetitions << ", " << ++number << " of "
                << outcomes.size() << ": " << outcome.model << " " << outcome.task.dtype << " "
                << outcome.task.work << " " << outcome.task.data << " " << outcome.task.setting()
                << std::endl;
      run_once(outcome);
      if (interrupted != 0) {
        outcome.runs.pop_back();
        outcome.problem.clear();
      }
      complete = complete && outcome.problem.empty();
    }
  }
  report["seconds"] = seconds_of(line);
  report["repetitions"] = repetitions;
  report["lengths"] = line.text("lengths");
  report["measurements"] = as_json(outcomes);
  std::cout << as_table(outcomes);
  if (line.has("json")) write_file(line.text("json"), report.dump(1) + "\n");
  if (interrupted != 0) return tools::kInterrupted;
  return complete ? tools::kDone : tools::kFailed;
}

int run(const tools::Arguments& arguments) {
  CommandLine line("bench_training",
                   "Measures training, evaluation and generation on this machine, and the matrix "
                   "products that bound\nthem, each in a process of its own.",
                   "bench_training --shapes opt-mini,opt-125m --seconds 5 --json here.json", "");
  add_options(line);
  if (!line.parse(arguments)) return tools::kDone;
  if (!line.has("task")) return benchmark(line);
  std::cout << measure(model::parse_json(line.text("task"), "--task").get<Task>()).dump() << "\n";
  return tools::kDone;
}

}  // namespace
}  // namespace lorafleet::bench

int main(int argc, char** argv) {
  try {
    return lorafleet::bench::run({argv + 1, argv + argc});
  } catch (const lorafleet::InputError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return lorafleet::tools::kBadInput;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return lorafleet::tools::kFailed;
  }
}
