#include "partition/manifest.hpp"

#include <numeric>
#include <string>

#include "partition/support/indices.hpp"
#include "tests/fuzz/input_folder.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

namespace {

/// "a" to "f", of growing length, with a score.
std::vector<partition::Example> six_examples() {
  std::vector<partition::Example> examples;
  std::string context = "One.";
  for (char name = 'a'; name <= 'f'; ++name) {
    partition::Example example;
    example.id = std::string(1, name);
    example.group = name < 'd' ? "first" : "second";
    example.context = context += " More words.";
    example.target = "target";
    example.quality["coverage"] = 0.1 * (name - 'a');
    examples.push_back(std::move(example));
  }
  return examples;
}

}  // namespace

void read_manifest(std::string_view input) {
  static const InputFolder folder;
  static const auto examples = six_examples();
  Indices training(examples.size());
  std::iota(training.begin(), training.end(), 0u);
  partition::load_manifest(folder.write("partition.json", input), examples, training,
                           [](const partition::Example& e) { return e.context.size(); });
}

}  // namespace lorafleet::fuzz
