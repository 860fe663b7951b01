#include "model/network/merge.hpp"

#include <iostream>

#include "model/adapter/base_change.hpp"
#include "model/adapter/class_names.hpp"
#include "model/adapter/peft.hpp"
#include "model/files/dtype.hpp"
#include "model/files/hf_directory.hpp"
#include "model/network/family.hpp"
#include "model/network/quantization/quantization_choice.hpp"
#include "tools/command_line.hpp"
#include "tools/quantization_option.hpp"
#include "tools/scenario_argument.hpp"
#include "tools/terminal/console.hpp"

namespace lorafleet::tools {

namespace {

model::Adapter read_adapter(const CommandLine& line) {
  if (!line.has("adapter") && !line.has("base-change")) {
    throw InputError("merge", "--adapter is missing; allowed also: --base-change alone");
  }
  const auto shape = model::read_shape(std::filesystem::path(line.text("base")) / "config.json");
  model::Adapter adapter{
      std::make_shared<const model::AdapterLayout>(std::vector<model::LoraModule>{}), {}};
  if (line.has("adapter")) adapter = model::load_peft(line.text("adapter"), shape, print_warning);
  if (!line.has("base-change")) return adapter;
  if (adapter.base_change) {
    throw InputError("--base-change", "the adapter has one of its own: " + line.text("adapter") +
                                          "/" + model::kBaseChangeFile);
  }
  adapter.base_change = model::load_base_change(line.text("base-change"), shape);
  return adapter;
}

/// Where the run computed with other numbers than those of the base that it is merged into.
void warn_of_numbers(const CommandLine& line, const std::string& quantization) {
  std::vector<std::filesystem::path> files;
  if (line.has("adapter"))
    files.push_back(std::filesystem::path(line.text("adapter")) / "adapter_model.safetensors");
  if (line.has("base-change")) files.emplace_back(line.text("base-change"));
  const auto other = trained_on_another(files, quantization);
  if (!other) return;
  const std::string trained = other->file.string() + " was trained on a base in " + other->held;
  if (quantization != "none") {
    print_warning(trained + ", and is added here to what " + line.text("base") + " holds in " +
                  quantization);
    return;
  }
  print_warning(trained + ", and is added here to the numbers of " + line.text("base") +
                "; --quantization " + other->held +
                " merges it onto the dequantised base, as the run computed (--quantization none: "
                "as here, without this warning)");
}

}  // namespace

int merge_command(const Arguments& arguments) {
  CommandLine line("merge",
                   "Writes a base model with an adapter, a base change, or both folded in.",
                   "merge --base scenarios/base/opt-mini --adapter runs/quickstart/adapter "
                   "--out merged");
  line.option("base", "DIR", "the base model: a Hugging Face directory");
  line.option("adapter", "DIR",
              "a LoRA adapter in PEFT's form; with the base_change.safetensors that lies in it");
  line.option("base-change", "FILE", "a base change that lies elsewhere, with an adapter or alone");
  line.option("out", "DIR", "the new Hugging Face directory");
  line.option("quantization", "NAME",
              "merge onto what the linear layers become in it, as a run with this "
              "model.quantization computed: " +
                  join(model::quantization_choices().names()) +
                  "; default: as in the base's files");
  line.option("dtype", "NAME", "of the weights: " + join(model::weight_type_names()), "float32");
  line.option("max-shard-size", "SIZE", "larger weights are cut into shards", "5GB");
  if (!line.parse(arguments)) return kDone;
  for (const char* needed : {"base", "out"}) {
    if (!line.has(needed)) throw InputError("merge", std::string("--") + needed + " is missing");
  }
  const std::filesystem::path out = line.text("out");
  require_unused(out);
  const auto dtype = model::weight_type_named(line.text("dtype"), "--dtype");
  const auto shard = model::parse_size(line.text("max-shard-size"), "--max-shard-size");
  const auto adapter = read_adapter(line);
  const auto class_names = line.has("adapter") ? model::load_class_names(line.text("adapter"))
                                               : std::vector<std::string>();
  const std::string quantization = quantization_option(line, line.text("base"));
  if (!line.has("quantization")) warn_of_numbers(line, quantization);
  model::write_merged(line.text("base"), adapter, out, dtype, shard, class_names, quantization);
  std::cout << "wrote " << out.string() << " with " << adapter.layout->modules().size()
            << " modules" << (adapter.base_change ? " and a base change" : "") << " merged"
            << (quantization != "none" ? " onto the dequantised base" : "") << "\n";
  return kDone;
}

}  // namespace lorafleet::tools
