#include "partition/formats/format.hpp"
#include "partition/formats/glue_tasks.hpp"
#include "partition/reader.hpp"
#include "tests/fuzz/input_folder.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

void read_data(std::string_view input) {
  static const InputFolder folder;
  if (input.empty()) return;
  const auto formats = partition::known_formats();
  partition::DataConfig config;
  const auto tasks = partition::glue_task_names();
  const std::size_t choice = static_cast<unsigned char>(input.front());
  config.format = formats[choice % formats.size()];
  config.task = tasks[choice / formats.size() % tasks.size()];
  if (choice >= 200) config.labels = {"no", "yes"};
  config.path = folder.write("data", input.substr(1));
  config.max_bad_lines = 4;
  partition::read_examples(config, 1);
}

}  // namespace lorafleet::fuzz
