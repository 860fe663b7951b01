#pragma once

#include "model/network/family.hpp"

namespace lorafleet::model {

// A family is a file of this folder, a line here and one in families.cpp.
const Family& opt_family();

}  // namespace lorafleet::model
