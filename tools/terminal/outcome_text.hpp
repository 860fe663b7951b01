#pragma once

#include <filesystem>
#include <string>

#include "actors/run/run_options.hpp"

namespace lorafleet::tools {

/// What a run came to, in a few lines: "quickstart: completed (versions), 12 versions of …".
std::string outcome_text(const std::string& name, const actors::RunOutcome& outcome,
                         const std::filesystem::path& folder);

/// The outcome that the summary.json of a run directory tells, and the run's name. Throws
/// InputError where it is none.
struct NamedOutcome {
  std::string name;
  actors::RunOutcome outcome;
};
NamedOutcome read_outcome(const std::filesystem::path& folder);

/// Whether a run ended since it led nowhere (docs/strategies.md, "When a run stops").
bool made_no_progress(const actors::RunOutcome& outcome);

/// "no version could be made after version 0: ...; ...": what stood in the way, and what to change.
std::string no_progress_text(const actors::RunOutcome& outcome);

}  // namespace lorafleet::tools
