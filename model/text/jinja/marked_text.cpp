#include "model/text/jinja/marked_text.hpp"

#include <algorithm>
#include <utility>

namespace lorafleet::model {

MarkedText::MarkedText(std::string text, std::uint32_t origin) : text_(std::move(text)) {
  if (!text_.empty()) runs_.push_back({text_.size(), {origin, false}});
}

MarkedText::Mark MarkedText::mark_at(std::size_t at) const {
  const auto run = std::upper_bound(runs_.begin(), runs_.end(), at,
                                    [](std::size_t i, const Run& r) { return i < r.end; });
  return run == runs_.end() ? Mark{} : run->mark;
}

std::uint32_t MarkedText::main_origin() const {
  for (const Run& run : runs_) {
    if (run.mark.origin != 0) return run.mark.origin;
  }
  return 0;
}

void MarkedText::append(std::string_view more, Mark mark) {
  if (more.empty()) return;
  text_ += more;
  if (!runs_.empty() && runs_.back().mark == mark) {
    runs_.back().end = text_.size();
  } else {
    runs_.push_back({text_.size(), mark});
  }
}

void MarkedText::append(const MarkedText& more) {
  std::size_t begin = 0;
  for (const Run& run : more.runs_) {
    append(more.view().substr(begin, run.end - begin), run.mark);
    begin = run.end;
  }
}

MarkedText MarkedText::part(std::size_t begin, std::size_t end) const {
  MarkedText result;
  auto run = std::upper_bound(runs_.begin(), runs_.end(), begin,
                              [](std::size_t i, const Run& r) { return i < r.end; });
  while (begin < end && run != runs_.end()) {
    const std::size_t stop = std::min(end, run->end);
    result.append(view().substr(begin, stop - begin), run->mark);
    begin = stop;
    ++run;
  }
  return result;
}

MarkedText MarkedText::with_bytes(std::string text) const {
  MarkedText result = *this;
  result.text_ = std::move(text);
  return result;
}

void MarkedText::mark_generated() {
  std::vector<Run> runs;
  for (Run run : runs_) {
    run.mark.generated = true;
    if (!runs.empty() && runs.back().mark == run.mark) {
      runs.back().end = run.end;
    } else {
      runs.push_back(run);
    }
  }
  runs_ = std::move(runs);
}

}  // namespace lorafleet::model
