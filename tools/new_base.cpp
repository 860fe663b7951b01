#include <iostream>
#include <optional>

#include "model/files/dtype.hpp"
#include "model/files/hf_directory.hpp"
#include "model/network/family.hpp"
#include "model/network/random_base.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/support/error.hpp"
#include "tools/command_line.hpp"
#include "tools/scenario_argument.hpp"

namespace lorafleet::tools {

namespace {

/// What an option gives, where it is given.
std::optional<std::int64_t> size_of(const CommandLine& line, const std::string& name) {
  return line.has(name) ? std::optional(line.whole(name, 1)) : std::nullopt;
}

}  // namespace

int new_base_command(const Arguments& arguments) {
  CommandLine line("new-base",
                   "Writes a base with random weights, for benchmarks and dry runs at real sizes.",
                   "new-base --like opt-125m --tokenizer scenarios/base/opt-mini --out opt-125m");
  line.option("like", "NAME", "the shape: " + join(model::known_sizes()), "opt-125m");
  line.option("tokenizer", "DIR", "copy the tokenizer's files from there");
  line.option("out", "DIR", "the new Hugging Face directory");
  line.option("seed", "N", "of the weights", "42");
  line.option("dtype", "NAME", "of the weights: " + join(model::weight_type_names()), "float16");
  line.option("vocab-size", "N", "tokens, instead of the shape's");
  line.option("layers", "N", "decoder layers, instead of the shape's");
  line.option("hidden", "N", "width, instead of the shape's");
  line.option("positions", "N", "positions, instead of the shape's");
  line.option("max-shard-size", "SIZE", "larger weights are cut into shards", "5GB");
  if (!line.parse(arguments)) return kDone;
  if (!line.has("out")) throw InputError("new-base", "--out is missing");
  const std::filesystem::path out = line.text("out");
  require_unused(out);
  const auto base =
      model::base_of_size(line.text("like"), {size_of(line, "vocab-size"), size_of(line, "layers"),
                                              size_of(line, "hidden"), size_of(line, "positions")});
  const auto dtype = model::weight_type_named(line.text("dtype"), "--dtype");
  if (line.has("tokenizer")) {
    const auto tokens = model::Tokenizer::load(line.text("tokenizer"))->vocab_size();
    if (tokens > static_cast<std::size_t>(base.description.shape.vocabulary)) {
      throw InputError("--tokenizer", "has " + std::to_string(tokens) +
                                          " tokens, more than the model's " +
                                          std::to_string(base.description.shape.vocabulary));
    }
  }
  model::write_random_base(out, base, static_cast<std::uint64_t>(line.whole("seed", 0)), dtype,
                           model::parse_size(line.text("max-shard-size"), "--max-shard-size"));
  if (line.has("tokenizer")) model::copy_model_files(line.text("tokenizer"), out);
  std::cout << "wrote " << out.string() << "\n";
  return kDone;
}

}  // namespace lorafleet::tools
