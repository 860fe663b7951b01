#pragma once

#include <optional>

#include "actors/coordinator/events.hpp"
#include "actors/strategy/lora/fold_report.hpp"

namespace lorafleet::actors {

/// What the event log says of a fold; nothing where the rule reported nothing.
std::optional<FoldFigures> fold_figures(const strategy::FoldReport& report);

}  // namespace lorafleet::actors
