#include <iostream>

#include "model/files/hf_directory.hpp"
#include "model/network/random_base.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/support/error.hpp"
#include "tools/command_line.hpp"
#include "tools/scenario_argument.hpp"

namespace lorafleet::tools {

namespace {

/// The size that an option gives, where it is given.
void override_size(const CommandLine& line, const std::string& name, std::int64_t& size) {
  if (line.has(name)) size = line.whole(name, 1);
}

model::OptConfig read_shape(const CommandLine& line) {
  model::OptConfig config = model::shape_named(line.text("like"));
  override_size(line, "vocab-size", config.vocab_size);
  override_size(line, "layers", config.num_hidden_layers);
  override_size(line, "positions", config.max_position_embeddings);
  if (line.has("hidden")) {
    const std::int64_t hidden = line.whole("hidden", 1);
    if (hidden % config.num_attention_heads != 0) {
      throw InputError("--hidden", std::to_string(hidden) + " is not a multiple of the " +
                                       std::to_string(config.num_attention_heads) + " heads");
    }
    config.word_embed_proj_dim =
        config.hidden_size == config.word_embed_proj_dim ? hidden : hidden / 2;
    config.hidden_size = hidden;
    config.ffn_dim = 4 * hidden;
  }
  return config;
}

}  // namespace

int new_base_command(const Arguments& arguments) {
  CommandLine line("new-base",
                   "Writes an OPT with random weights, for benchmarks and dry runs at real sizes.",
                   "new-base --like opt-125m --tokenizer scenarios/base/opt-mini --out opt-125m");
  line.option("like", "NAME", "the shape: " + join(model::known_shapes()), "opt-125m");
  line.option("tokenizer", "DIR", "copy the tokenizer's files from there");
  line.option("out", "DIR", "the new Hugging Face directory");
  line.option("seed", "N", "of the weights", "42");
  line.option("dtype", "NAME", "of the weights: float32, float16, bfloat16", "float16");
  line.option("vocab-size", "N", "tokens, instead of the shape's");
  line.option("layers", "N", "decoder layers, instead of the shape's");
  line.option("hidden", "N", "width, instead of the shape's");
  line.option("positions", "N", "positions, instead of the shape's");
  line.option("max-shard-size", "SIZE", "larger weights are cut into shards", "5GB");
  if (!line.parse(arguments)) return kDone;
  if (!line.has("out")) throw InputError("new-base", "--out is missing");
  const std::filesystem::path out = line.text("out");
  require_unused(out);
  const auto config = read_shape(line);
  const auto dtype = model::weight_type_named(line.text("dtype"), "--dtype");
  if (line.has("tokenizer")) {
    const auto tokens = model::Tokenizer::load(line.text("tokenizer"))->vocab_size();
    if (tokens > static_cast<std::size_t>(config.vocab_size)) {
      throw InputError("--tokenizer", "has " + std::to_string(tokens) +
                                          " tokens, more than the model's " +
                                          std::to_string(config.vocab_size));
    }
  }
  model::write_random_base(out, config, static_cast<std::uint64_t>(line.whole("seed", 0)), dtype,
                           model::parse_size(line.text("max-shard-size"), "--max-shard-size"));
  if (line.has("tokenizer")) model::copy_model_files(line.text("tokenizer"), out);
  std::cout << "wrote " << out.string() << "\n";
  return kDone;
}

}  // namespace lorafleet::tools
