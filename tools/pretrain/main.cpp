#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>

#include "model/device/process.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"
#include "tools/command_line.hpp"
#include "tools/commands.hpp"
#include "tools/pretrain/checkpoint.hpp"
#include "tools/pretrain/held_out.hpp"
#include "tools/pretrain/pretraining.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::pretrain {
namespace {

using tools::CommandLine;

void add_options(CommandLine& line) {
  line.option("size", "NAME", "the shape: " + join(opt_size_names()), "opt-nano");
  line.option("corpus", "FILE",
              "JSON lines {\"id\", \"text\"}; one document in a hundred is held out");
  line.option("tokenizer", "DIR", "a Hugging Face directory, whose tokenizer's files are copied");
  line.option("out", "DIR", "the new Hugging Face directory");
  line.flag("resume", "go on from the checkpoint in --out");
  line.option("tokens", "N", "to train on", "24000000");
  line.option("batch-windows", "N", "a step's windows, each as long as there are positions", "8");
  line.option("every", "N", "steps between two checkpoints", "200");
  line.option("stop-after", "N", "leave after so many steps, with a checkpoint; 0: at the end",
              "0");
  line.option("lr", "X", "the highest learning rate, instead of the size's");
  line.option("layers", "N", "decoder layers, instead of the size's");
  line.option("heads", "N", "attention heads, instead of the size's");
  line.option("hidden", "N", "width, instead of the size's");
  line.option("positions", "N", "positions, instead of the size's");
  line.option("seed", "N", "of the first weights and of the text's order", "42");
  line.option("threads", "N", "default: one for each core");
  line.option("score", "DIR",
              "train nothing: print the loss of this base on the held-out documents");
  line.note("The bytes do not depend on --threads, nor on interruptions (docs/pretraining.md).");
}

std::size_t threads_of(const CommandLine& line) {
  if (line.has("threads")) return static_cast<std::size_t>(line.whole("threads", 1));
  return std::max(1u, std::thread::hardware_concurrency());
}

std::string required(const CommandLine& line, const std::string& name) {
  if (!line.has(name)) throw InputError("pretrain", "--" + name + " is missing");
  return line.text(name);
}

OptSize size_of(const CommandLine& line) {
  OptSize size = opt_size_named(line.text("size"), "--size");
  if (line.has("layers")) size.layers = line.whole("layers", 1);
  if (line.has("heads")) size.heads = line.whole("heads", 1);
  if (line.has("hidden")) size.width = line.whole("hidden", 1);
  if (line.has("positions")) size.positions = line.whole("positions", 2);
  if (line.has("lr")) {
    std::size_t read = 0;
    try {
      size.lr = std::stod(line.text("lr"), &read);
    } catch (const std::exception&) {
      read = 0;
    }
    if (read == 0 || read != line.text("lr").size() || !(size.lr > 0.0 && size.lr <= 1.0)) {
      throw InputError("--lr", "\"" + line.text("lr") + "\" is not above 0 and at most 1");
    }
  }
  check(size);
  return size;
}

int score(const CommandLine& line) {
  const HeldOutScore found =
      score_held_out(line.text("score"), required(line, "corpus"), threads_of(line));
  std::cout << "held-out loss " << tools::fixed(found.loss, 4) << " nats a token, perplexity "
            << tools::fixed(std::exp(found.loss), 2) << ", " << grouped(found.tokens)
            << " tokens\n";
  return tools::kDone;
}

int train(const CommandLine& line) {
  Settings settings;
  settings.size = size_of(line);
  settings.corpus = required(line, "corpus");
  settings.tokenizer = required(line, "tokenizer");
  settings.out = required(line, "out");
  settings.tokens = line.whole("tokens", 1);
  settings.batch_windows = line.whole("batch-windows", 1);
  settings.every_steps = line.whole("every", 1);
  settings.stop_after = line.whole("stop-after", 0);
  settings.seed = static_cast<std::uint64_t>(line.whole("seed", 0));
  settings.threads = threads_of(line);
  settings.resume = line.on("resume");
  const bool begun = std::filesystem::exists(checkpoint_file(settings.out));
  if (settings.resume && !begun) {
    throw InputError(settings.out.string(), "holds no checkpoint to resume from");
  }
  if (!settings.resume && std::filesystem::exists(settings.out) &&
      !std::filesystem::is_empty(settings.out)) {
    throw InputError(settings.out.string(), begun ? "holds a checkpoint: give --resume to go on "
                                                    "from it, or another --out"
                                                  : "is there already; --out needs a new folder");
  }
  const Outcome outcome =
      pretrain(settings, [](const std::string& text) { std::cout << text << std::endl; });
  std::cout << (outcome.complete ? "wrote " : "left a checkpoint in ") << settings.out.string()
            << "\n";
  return tools::kDone;
}

int run(const tools::Arguments& arguments) {
  CommandLine line("pretrain",
                   "Trains a small OPT base from nothing, or scores a base on held-out text.",
                   "pretrain --size opt-nano --corpus corpus.jsonl --tokenizer "
                   "scenarios/base/opt-mini --out opt-nano",
                   "lorafleet-");
  add_options(line);
  if (!line.parse(arguments)) return tools::kDone;
  return line.has("score") ? score(line) : train(line);
}

}  // namespace
}  // namespace lorafleet::pretrain

int main(int count, char** values) {
  using namespace lorafleet;
  model::configure_process();
  try {
    return pretrain::run({values + 1, values + count});
  } catch (const InputError& error) {
    tools::print_error(error.what());
    return tools::kBadInput;
  } catch (const std::exception& error) {
    tools::print_error(message_of(error));
    return tools::kFailed;
  }
}
