#pragma once

#include <string>
#include <vector>

namespace lorafleet::model {

/// Names of [evaluation] metrics.
const std::vector<std::string>& metric_names();

/// Whether the metric judges text that is generated, and not the likelihood of choices.
bool generates_text(const std::string& metric);

}  // namespace lorafleet::model
