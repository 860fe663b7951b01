#include "partition/formats/row_collector.hpp"

#include <algorithm>

#include "partition/formats/choices.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::partition {

std::string RowPlace::text() const {
  return entry > 0 ? unit + (" " + std::to_string(entry)) : "line " + std::to_string(line);
}

void RowCollector::leave_out(const std::string& what) {
  ++report_.left_out;
  count("left out {} " + what);
}

void RowCollector::note(const std::string& text) {
  report_.notes.push_back(config_.path.filename().string() + ": " + text);
}

void RowCollector::warn(const std::string& text) {
  report_.warnings.push_back(config_.path.string() + ": " + text);
}

void RowCollector::add(Example example, const RowPlace& place) {
  if (example.target.empty()) {
    return bad(place, "the target is empty; a text that the model is to learn was expected");
  }
  if (const auto wrong = wrong_with_choices(example, config_.labels); !wrong.empty())
    return bad(place, wrong);
  if (example.id.empty()) {
    example.id = place.entry > 0 ? "entry-" + std::to_string(place.entry)
                                 : "line-" + std::to_string(place.line);
  }
  if (example.group.empty()) example.group = example.id;
  const auto [first, is_new] = place_of_id_.emplace(example.id, place);
  if (!is_new) {
    return bad(place, "duplicate id \"" + example.id + "\", first used in " + first->second.text() +
                          "; ids must be unique");
  }
  examples_.push_back(std::move(example));
}

void RowCollector::bad(const RowPlace& place, const std::string& what) {
  std::string where = at_line(config_.path.string(), place.line);
  if (place.entry > 0) where += ": " + place.text();
  ++report_.bad_lines;
  report_.problems.push_back(where + ": " + what);
  if (report_.bad_lines >
      static_cast<std::size_t>(std::max<std::int64_t>(config_.max_bad_lines, 0))) {
    std::string limit;
    if (config_.max_bad_lines > 0) {
      limit = " (bad line number " + std::to_string(report_.bad_lines) +
              "; data.max_bad_lines allows " + std::to_string(config_.max_bad_lines) + ")";
    }
    throw InputError(where, what + limit);
  }
}

void RowCollector::guard(const RowPlace& place, const std::function<void()>& read) {
  try {
    read();
  } catch (const BadRow& problem) {
    bad(place, problem.what());
  }
}

void RowCollector::warn_of_empty_prompts() {
  const auto empty = static_cast<std::size_t>(
      std::count_if(examples_.begin(), examples_.end(), [](const Example& example) {
        return example.instruction.empty() && example.context.empty();
      }));
  if (2 * empty <= examples_.size()) return;
  const auto unused = columns_.unused();
  warn(std::to_string(empty) + " of " + std::to_string(examples_.size()) +
       " examples have neither instruction nor context: nothing is learned of them but targets" +
       (unused.empty() ? "" : "; fields that nothing reads: " + join_some(unused)));
}

std::vector<Example> RowCollector::finish(bool has_prompt) {
  const std::string file = config_.path.string();
  report_.fields = columns_.all();
  for (auto& warning : columns_.check(file))
    report_.warnings.push_back(std::move(warning));
  for (const auto& [what, times] : counts_) {
    std::string text = what;
    note(text.replace(text.find("{}"), 2, std::to_string(times)));
  }
  if (examples_.empty()) {
    if (report_.lines == 0 && report_.bad_lines == 0) {
      throw InputError(file, "the file is empty; at least one example was expected");
    }
    throw InputError(
        file, "no usable example in " + std::to_string(report_.lines) + " lines (" +
                  std::to_string(report_.bad_lines) + " bad, " +
                  (report_.left_out == 0 ? "" : std::to_string(report_.left_out) + " left out, ") +
                  "the others blank)");
  }
  if (const auto unused = columns_.unused(); !unused.empty()) {
    note("nothing reads the fields " + join_some(unused));
  }
  if (has_prompt) warn_of_empty_prompts();
  return std::move(examples_);
}

}  // namespace lorafleet::partition
