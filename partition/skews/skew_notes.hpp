#pragma once

#include <string>
#include <vector>

#include "partition/skews/skew.hpp"

namespace lorafleet::partition {

/// What a user should know about the bins that a label skew came to: fewer than asked for, examples
/// without the attribute, a single bin, or (nearly) a bin for each example, which spreads nothing;
/// then with what the data have to use instead.
std::vector<std::string> notes_on(const Bins& bins, const SkewInput& input);

}  // namespace lorafleet::partition
