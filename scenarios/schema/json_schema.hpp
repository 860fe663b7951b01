#pragma once

#include <string>

namespace lorafleet::scenarios {

/// The scenario file as a JSON Schema (draft-07, which taplo and Even Better TOML read), from the
/// schema that validates it. It knows types, ranges, names and defaults; what depends on several
/// keys at once is left to `lorafleet check`.
std::string json_schema();

}  // namespace lorafleet::scenarios
