#pragma once

#include <string>

#include "model/files/checkpoint.hpp"
#include "model/network/quantization_config.hpp"

namespace lorafleet::model {

/// What the files hold the weight `key` of the linear layer `module` (its whole name) in; none
/// where they do not have it. Throws InputError that names the file and the tensor where this is
/// not what config.json says.
Quantization agreed_held(const HeldQuantization& said, const Checkpoint& checkpoint,
                         const std::string& key, const std::string& module);

}  // namespace lorafleet::model
