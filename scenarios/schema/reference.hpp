#pragma once

#include <string>

namespace lorafleet::scenarios {

/// The tables of docs/scenario.md: every section and key with type, default, unit, allowed values
/// and meaning, as Markdown, from the schema.
std::string markdown_reference();

}  // namespace lorafleet::scenarios
