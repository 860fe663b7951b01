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

}  // namespace lorafleet::tools
