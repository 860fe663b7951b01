#include "model/merge.hpp"

#include <iostream>

#include "model/hf_directory.hpp"
#include "model/peft.hpp"
#include "tools/command_line.hpp"
#include "tools/scenario_argument.hpp"

namespace lorafleet::tools {

int merge_command(const Arguments& arguments) {
  CommandLine line("merge", "Writes a base model with an adapter folded in.",
                   "merge --base scenarios/base/opt-mini --adapter runs/quickstart/adapter "
                   "--out merged");
  line.option("base", "DIR", "the base model: a Hugging Face directory");
  line.option("adapter", "DIR", "a LoRA adapter in PEFT's form");
  line.option("out", "DIR", "the new Hugging Face directory");
  line.option("dtype", "NAME", "of the weights: float32, float16, bfloat16", "float32");
  line.option("max-shard-size", "SIZE", "larger weights are cut into shards", "5GB");
  if (!line.parse(arguments)) return kDone;
  for (const char* needed : {"base", "adapter", "out"}) {
    if (!line.has(needed)) throw InputError("merge", std::string("--") + needed + " is missing");
  }
  const std::filesystem::path out = line.text("out");
  require_unused(out);
  const auto dtype = model::weight_type_named(line.text("dtype"), "--dtype");
  const auto shard = model::parse_size(line.text("max-shard-size"), "--max-shard-size");
  const auto adapter = model::load_peft(line.text("adapter"));
  model::write_merged(line.text("base"), adapter, out, dtype, shard);
  std::cout << "wrote " << out.string() << " with " << adapter.layout->modules().size()
            << " modules merged\n";
  return kDone;
}

}  // namespace lorafleet::tools
