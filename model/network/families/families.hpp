#pragma once

#include <vector>

#include "model/network/family.hpp"

namespace lorafleet::model {

/// All families, in the order in which messages name them.
const std::vector<const Family*>& families();

// A family is a file of this folder, a line here and one in families.cpp.
const Family& opt_family();

}  // namespace lorafleet::model
