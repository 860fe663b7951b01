#pragma once

#include <string>

namespace lorafleet::model {

/// "cpu", "cuda" or "cuda:N".
bool is_device_name(const std::string& name);
/// N of "cuda:N"; 0 of the others.
int device_index(const std::string& name);
/// No GPU.
bool is_cpu(const std::string& name);

}  // namespace lorafleet::model
