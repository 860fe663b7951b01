#pragma once

#include <string>

#include "actors/run/run_options.hpp"

namespace lorafleet::tools {

/// Whether a run ended since it led nowhere (docs/strategies.md, "When a run stops").
bool made_no_progress(const actors::RunOutcome& outcome);

/// "no version could be made after version 0: ...; ...": what stood in the way, and what to change.
std::string no_progress_text(const actors::RunOutcome& outcome);

}  // namespace lorafleet::tools
