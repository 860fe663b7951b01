#pragma once

#include <string>

#include "partition/examples/config.hpp"

namespace lorafleet::partition {

/// What `data` lacks for an attribute that its file has as a field: how to name it, or which format
/// can; "" where the file has no such field. Reads the file again.
std::string how_to_name(const std::string& attribute, const DataConfig& data);

}  // namespace lorafleet::partition
