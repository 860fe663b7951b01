#pragma once

#include <string>

#include "model/shape.hpp"

namespace lorafleet::model {

class ConfigReader;

/// Width and heads into the shape, by the names that their keys have: as many heads for keys and
/// values as for queries, which share the width out.
void read_equal_heads(ModelShape& shape, const ConfigReader& config, const std::string& width_key,
                      const std::string& heads_key);

}  // namespace lorafleet::model
