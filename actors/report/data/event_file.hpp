#pragma once

#include <filesystem>
#include <functional>

#include "actors/report/data/event_line.hpp"

namespace lorafleet::report {

/// Calls `take` for each line of an event log, in their order, on this thread, while others read
/// and parse the blocks that come next: a few MB at a time, whatever the size of the file. Throws
/// InputError that names file and line for what is no event, or where `take` returns false. Of a
/// file that still grows, or whose writer was killed, the last line may be cut: it is left out.
void for_each_event(const std::filesystem::path& file,
                    const std::function<bool(const EventLine& event)>& take, bool growing = false);

}  // namespace lorafleet::report
