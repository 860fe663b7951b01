#pragma once

#include <filesystem>
#include <string>

#include "scenarios/schema/report.hpp"
#include "scenarios/schema/scenario.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// Fills `scenario` from a document by the schema: unknown keys, wrong types, unknown names and
/// values out of range go to the report and leave the default. `folder` is what relative paths in
/// the file start from, `sets_folder` those of the command line.
void read_document(const Value& document, const std::filesystem::path& folder,
                   const std::filesystem::path& sets_folder, Scenario& scenario, Report& report);

}  // namespace lorafleet::scenarios
