#include "partition/row_collector.hpp"

#include <algorithm>

#include "partition/support/error.hpp"

namespace lorafleet::partition {

void RowCollector::add(Example example, std::size_t line) {
  if (example.target.empty()) {
    bad(line, "the target is empty; a text that the model is to learn was expected");
    return;
  }
  if (example.id.empty()) example.id = "line-" + std::to_string(line);
  if (example.group.empty()) example.group = example.id;
  const auto [first, is_new] = line_of_id_.emplace(example.id, line);
  if (!is_new) {
    bad(line, "duplicate id \"" + example.id + "\", first used in line " +
                  std::to_string(first->second) + "; ids must be unique");
    return;
  }
  examples_.push_back(std::move(example));
}

void RowCollector::bad(std::size_t line, const std::string& what) {
  const std::string place = at_line(config_.path.string(), line);
  ++report_.bad_lines;
  report_.problems.push_back(place + ": " + what);
  if (report_.bad_lines >
      static_cast<std::size_t>(std::max<std::int64_t>(config_.max_bad_lines, 0))) {
    std::string limit;
    if (config_.max_bad_lines > 0) {
      limit = " (bad line number " + std::to_string(report_.bad_lines) +
              "; data.max_bad_lines allows " + std::to_string(config_.max_bad_lines) + ")";
    }
    throw InputError(place, what + limit);
  }
}

std::vector<Example> RowCollector::finish() {
  if (examples_.empty()) {
    throw InputError(config_.path.string(),
                     report_.lines == 0
                         ? "the file is empty; at least one example was expected"
                         : "no usable example in " + std::to_string(report_.lines) + " lines (" +
                               std::to_string(report_.bad_lines) + " bad, the others blank)");
  }
  return std::move(examples_);
}

}  // namespace lorafleet::partition
