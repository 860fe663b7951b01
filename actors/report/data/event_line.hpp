#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

namespace lorafleet::report {

/// A line of events.jsonl: of all keys that its events can have those that a page asks for
/// (docs/events.md explains them). Numbers that a line does not have are as here, words are "".
struct EventLine {
  std::int64_t time = -1;  ///< virtual microseconds, as all times here
  std::string_view event;
  std::int64_t client = 0;
  std::int64_t seq = 0;
  std::int64_t version = 0;
  std::int64_t arrival = 0;
  std::int64_t downloaded = -1;
  std::int64_t computed = -1;
  std::int64_t tokens = 0;
  std::int64_t staleness = 0;
  std::int64_t tier = 0;
  std::int64_t bytes_down = 0;
  std::int64_t bytes_up = 0;
  double weight = std::nan("");
  double loss = std::nan("");
  double joules = 0.0;
  std::string_view reason;
  std::string_view phase;
};

/// Cuts a line where it lies: one flat JSON object of numbers, words without escapes, true, false
/// and null, as the event log writes it. False where `line` is no such object, or has no time or no
/// event.
bool parse_event(std::string_view line, EventLine& event);

}  // namespace lorafleet::report
