#pragma once

#include <string>
#include <vector>

#include "scenarios/grid/questions.hpp"
#include "scenarios/grid/sweep_file.hpp"
#include "scenarios/schema/report.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// Reads [[questions]]; their selections become indices into `points`. What is wrong goes to the
/// report. With `unanswered`, a question about points that are not there is none of these errors:
/// its claim goes there, and it is left out.
std::vector<Question> read_questions(const Value& value, const std::vector<NamedSettings>& points,
                                     Report& report,
                                     std::vector<std::string>* unanswered = nullptr);

}  // namespace lorafleet::scenarios
