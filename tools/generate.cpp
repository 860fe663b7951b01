#include "model/evaluation/generation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "actors/run/slot_jobs.hpp"
#include "actors/run/workload.hpp"
#include "model/adapter/peft.hpp"
#include "model/device/device_name.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/network/base_model.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/printable.hpp"
#include "scenarios/schema/scenario.hpp"
#include "tools/command_line.hpp"
#include "tools/device_option.hpp"
#include "tools/quantization_option.hpp"
#include "tools/terminal/console.hpp"

namespace lorafleet::tools {

namespace {

using Json = nlohmann::json;

double parse_number(const CommandLine& line, const std::string& name) {
  const std::string text = line.text(name);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) {
    throw InputError("--" + name, "\"" + text + "\" is not a number");
  }
  return value;
}

/// The text in `field` of one row of JSON lines.
std::string prompt_of_row(std::string_view row, const std::string& field,
                          const std::string& place) {
  const Json json = Json::parse(row, nullptr, false);
  if (!json.is_object()) throw InputError(place, "is not a JSON object");
  const auto found = json.find(field);
  if (found == json.end() || !found->is_string()) {
    throw InputError(place, "has no text \"" + field + "\" (--field names another key)");
  }
  return found->get<std::string>();
}

/// A prompt a line, empty lines left out; the rows of a ".jsonl" file have it in `field`.
std::vector<std::string> prompts_of_file(const std::filesystem::path& path,
                                         const std::string& field) {
  const bool rows = path.extension() == ".jsonl";
  std::vector<std::string> prompts;
  for_each_line(path, [&](std::string_view text, std::size_t number) {
    if (text.empty()) return;
    const std::string place = path.string() + ":" + std::to_string(number);
    prompts.push_back(rows ? prompt_of_row(text, field, place) : std::string(text));
  });
  return prompts;
}

std::vector<std::string> read_prompts(const CommandLine& line) {
  std::vector<std::string> prompts = line.texts("prompt");
  if (line.has("prompts")) {
    auto more = prompts_of_file(line.text("prompts"), line.text("field"));
    std::move(more.begin(), more.end(), std::back_inserter(prompts));
  } else if (prompts.empty()) {
    for (std::string text; std::getline(std::cin, text);) {
      if (!text.empty()) prompts.push_back(text);
    }
  }
  if (prompts.empty()) {
    throw InputError("generate", "no prompt; allowed: --prompt, --prompts, or lines on stdin");
  }
  return prompts;
}

struct Source {
  model::ModelConfig model;
  std::optional<std::filesystem::path> adapter;
  std::optional<actors::FederationConfig> run;
};

struct Prompt {
  std::string text;
  std::vector<std::int64_t> tokens;
  std::optional<std::string> target;  ///< of a held-out example
};

std::vector<Prompt> encoded(const std::vector<std::string>& texts,
                            const model::Tokenizer& tokenizer) {
  std::vector<Prompt> prompts;
  for (const auto& text : texts) {
    const auto prefix = tokenizer.prefix();
    const auto ids = tokenizer.encode(text);
    Prompt prompt{text, {prefix.begin(), prefix.end()}, std::nullopt};
    prompt.tokens.insert(prompt.tokens.end(), ids.begin(), ids.end());
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

/// The first held-out examples of a run's scenario, in its template; those without room for new
/// tokens are passed over. `end`: how answers end there, where they are turns of conversations.
std::vector<Prompt> example_prompts(const actors::FederationConfig& run, std::size_t count,
                                    std::int64_t max_new_tokens, model::EndOfTurn& end) {
  const auto ignore = [](const std::string&) {};
  const auto work = actors::prepare_workload(run, ignore, print_warning);
  end = work.encoder->end_of_turn();
  std::vector<Prompt> prompts;
  for (const std::uint32_t index : work.scored) {
    if (prompts.size() == count) break;
    const auto tokens =
        work.encoder->prompt(work.examples[index], static_cast<std::size_t>(max_new_tokens));
    if (!tokens || tokens->empty()) continue;
    prompts.push_back({work.encoder->tokenizer().decode(*tokens, true),
                       {tokens->begin(), tokens->end()},
                       work.examples[index].target});
  }
  return prompts;
}

Source read_source(const CommandLine& line) {
  if (line.has("run") == line.has("base")) {
    throw InputError("generate", "needs either --base or --run");
  }
  Source source;
  if (line.has("run")) {
    const std::filesystem::path run = line.text("run");
    source.run = scenarios::read_scenario(run / "scenario.toml").federation;
    source.model = source.run->model;
    source.adapter = run / "adapter";
  } else {
    source.model.path = line.text("base");
  }
  if (line.has("adapter")) source.adapter = line.text("adapter");
  if (line.has("dtype")) source.model.dtype = line.text("dtype");
  if (line.has("quantization") || !line.has("run"))
    source.model.quantization = quantization_option(line, source.model.path);
  return source;
}

/// Where the adapter was trained on other numbers than those that it is used with.
void warn_of_numbers(const CommandLine& line, const Source& source) {
  if (!source.adapter || line.has("quantization")) return;
  const auto other = trained_on_another({*source.adapter / "adapter_model.safetensors"},
                                        source.model.quantization);
  if (!other) return;
  const std::string trained = other->file.string() + " was trained on a base in " + other->held;
  const std::string base = source.model.path.string();
  if (source.model.quantization != "none") {
    print_warning(trained + ", and is used here with " + base + " in " + source.model.quantization);
    return;
  }
  print_warning(trained + ", and is used here with the numbers of " + base + "; --quantization " +
                other->held + " holds them as the run did (--quantization none: as here, without " +
                "this warning)");
}

/// Where the base goes. Throws InputError where it cannot go there.
std::string find_room(const CommandLine& line, const Source& source) {
  const std::string device = device_option(line, source.run ? source.run->slots.device : "cpu");
  if (model::is_cpu(device) && source.model.dtype == "float16") {
    throw InputError("--device",
                     "a base in float16 needs a GPU, \"cuda\" or \"cuda:N\": LibTorch has no "
                     "float16 matrix products on CPUs; allowed on a CPU: --dtype float32 or "
                     "--dtype bfloat16");
  }
  actors::FederationConfig config;
  config.model = source.model;
  config.lora.target_modules = {"all-linear"};  // which every base has
  try {
    actors::check_base_fits(config, {device});
  } catch (const InputError& error) {
    throw InputError("--device",
                     std::string(error.what()) + "; here --dtype and --quantization choose these");
  }
  return device;
}

model::GenerationConfig read_config(const CommandLine& line) {
  model::GenerationConfig config;
  config.max_new_tokens = line.whole("max-new-tokens", 1);
  config.temperature = parse_number(line, "temperature");
  config.top_k = line.whole("top-k", 0);
  config.top_p = parse_number(line, "top-p");
  config.seed = static_cast<std::uint64_t>(line.whole("seed", 0));
  for (const auto& token : line.texts("stop-token")) {
    config.stop_tokens.push_back(parse_whole(token, "--stop-token", 0));
  }
  return config;
}

struct Continuation {
  std::string text;
  std::string finish;  ///< "stop" by eos, a token or a text; else "length"
};

/// The decoded text, cut before the first of the `stops`.
Continuation continuation_of(const model::Tokenizer& tokenizer, const model::Generated& generated,
                             const std::vector<std::string>& stops) {
  const std::vector<std::int32_t> ids(generated.tokens.begin(), generated.tokens.end());
  Continuation result{tokenizer.decode(ids, true), generated.stopped ? "stop" : "length"};
  std::size_t end = std::string::npos;
  for (const auto& stop : stops)
    end = std::min(end, result.text.find(stop));
  if (end != std::string::npos) result = {result.text.substr(0, end), "stop"};
  return result;
}

void print(const Prompt& prompt, const Continuation& continuation,
           const std::vector<std::int64_t>& tokens, bool json) {
  if (!json) {
    if (prompt.target) std::cout << printable(prompt.text, true);
    std::cout << printable(continuation.text, true) << "\n";
    if (prompt.target) std::cout << "  (target: " << printable(*prompt.target, true) << ")\n";
    return;
  }
  Json row = {{"prompt", prompt.text},
              {"text", continuation.text},
              {"tokens", tokens},
              {"finish", continuation.finish}};
  if (prompt.target) row["target"] = *prompt.target;
  std::cout << row.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
}

}  // namespace

int generate_command(const Arguments& arguments) {
  CommandLine line("generate", "Continues prompts with a base model, with or without an adapter.",
                   "generate --run runs/quickstart --prompt \"The sea is\" --max-new-tokens 20");
  line.option("base", "DIR", "the base model: a Hugging Face directory");
  line.option("adapter", "DIR", "a LoRA adapter in PEFT's form");
  line.option("run", "DIR", "a run directory: its base and its adapter, instead of --base");
  line.repeated("prompt", "TEXT", "a prompt; may be given several times");
  line.option("prompts", "FILE", "a prompt a line; a .jsonl file: a prompt a row");
  line.option("field", "KEY", "the key of the prompt in the rows of a .jsonl file", "prompt");
  line.option("examples", "N",
              "with --run, instead of prompts: the first N held-out examples, in its template");
  line.option("max-new-tokens", "N", "at most so many tokens a prompt", "64");
  line.option("temperature", "X", "0: the most likely token; above: sample", "0");
  line.option("top-k", "N", "sample among the N most likely tokens; 0: all", "0");
  line.option("top-p", "P", "sample among the most likely tokens that reach this probability", "1");
  line.option("seed", "N", "of the sampling", "42");
  line.repeated("stop", "TEXT", "cut the text before TEXT; may be given several times");
  line.repeated("stop-token", "ID", "end at this token id; may be given several times");
  line.option("dtype", "NAME", "of the base's weights; default: the run's, else float32");
  line.option("quantization", "NAME",
              "of the base's linear layers: none, int8, nf4; default: the run's, else as in the "
              "base's files");
  line.option("device", "NAME",
              "where to compute: cpu, cuda, cuda:N; default: the first one of the run's "
              "slots.device, else cpu");
  line.flag("json", "a JSON object a prompt: prompt, text, tokens, finish");
  line.note(
      "Without --prompt and --prompts, the lines of stdin are the prompts. Empty lines are left "
      "out.\nThe text of a prompt depends on the seed and its place among the prompts.");
  if (!line.parse(arguments)) return kDone;

  const Source source = read_source(line);
  model::GenerationConfig config = read_config(line);
  std::vector<std::string> stops = line.texts("stop");
  if (std::find(stops.begin(), stops.end(), "") != stops.end()) {
    throw InputError("--stop", "must not be empty");
  }
  if (line.has("examples") && !source.run) {
    throw InputError("--examples", "needs --run, whose scenario names the data");
  }

  model::configure_thread(1);
  const std::string device = find_room(line, source);
  warn_of_numbers(line, source);
  for (const auto& text : model::runtime_warnings())
    print_warning(text);
  const auto tokenizer = model::Tokenizer::load(source.model.path);
  model::EndOfTurn end;
  std::vector<Prompt> prompts;
  if (line.has("examples")) {
    prompts = example_prompts(*source.run, static_cast<std::size_t>(line.whole("examples", 1)),
                              config.max_new_tokens, end);
    if (end.token) config.stop_tokens.push_back(*end.token);
    if (!end.text.empty()) stops.push_back(end.text);
  } else {
    for (const auto& warning : tokenizer->warnings())
      print_warning(warning);
    prompts = encoded(read_prompts(line), *tokenizer);
  }
  const auto base = model::BaseModel::load(source.model, device);
  model::AdapterPtr adapter;
  if (source.adapter) {
    adapter = std::make_shared<const model::Adapter>(
        model::load_peft(*source.adapter, base->shape(), print_warning));
  }
  std::vector<std::vector<std::int64_t>> tokens;
  for (const auto& prompt : prompts)
    tokens.push_back(prompt.tokens);
  const auto results = model::generate(*base, adapter, tokens, config);
  for (std::size_t i = 0; i < results.size(); ++i) {
    print(prompts[i], continuation_of(*tokenizer, results[i], stops), results[i].tokens,
          line.on("json"));
  }
  return kDone;
}

}  // namespace lorafleet::tools
