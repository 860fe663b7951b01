#include "partition/formats/format.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::partition {

const std::vector<Format>& formats() {
  static const std::vector<Format> kFormats = {
      {.name = "jsonl", .read = read_jsonl, .fields = Fields::rows},
      {.name = "csv", .read = read_csv, .fields = Fields::rows},
      {.name = "tsv", .read = read_tsv, .fields = Fields::rows},
      {.name = "conversations", .read = read_conversations, .fields = Fields::conversations},
      {.name = "alpaca", .read = read_alpaca, .prompt_template = "alpaca"},
      {.name = "dolly", .read = read_dolly, .prompt_template = "alpaca"},
      {.name = "squad", .read = read_squad, .unanswerable = true},
      {.name = "glue", .read = read_glue, .tasks = true},
      {.name = "glue_pairs", .read = read_glue, .tasks = true},  // the older name
      {.name = "text", .read = read_text, .has_prompt = false, .markup = true}};
  return kFormats;
}

std::vector<std::string> known_formats() {
  std::vector<std::string> names;
  for (const auto& format : formats()) {
    names.push_back(format.name);
  }
  return names;
}

const Format& find_format(const std::string& name) {
  for (const auto& format : formats()) {
    if (format.name == name) return format;
  }
  throw InputError("data.format",
                   "unknown format \"" + name + "\"; known: " + join(known_formats()));
}

}  // namespace lorafleet::partition
