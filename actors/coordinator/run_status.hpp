#pragma once

namespace lorafleet::actors {

/// The status of a run, as summary.json has it. Those that are not completed are reasons to stop,
/// too.
inline constexpr const char* kRunCompleted = "completed";
inline constexpr const char* kRunInterrupted = "interrupted";
inline constexpr const char* kRunWithoutProgress = "no_progress";

}  // namespace lorafleet::actors
