#pragma once

#include <cstddef>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// The modules that `lora` adapts in a base of this shape, in the order of the shape. Throws
/// InputError for an unknown module.
LayoutPtr make_layout(const ModelShape& shape, const LoraConfig& lora);

/// Throws InputError where lora.target_modules names what a base of this shape lacks.
void check_targets(const ModelShape& shape, const LoraConfig& lora);

/// Which module of the shape a module of an adapter stands for. Throws InputError where the base
/// has no such layer or the sizes differ.
std::size_t find_module(const ModelShape& shape, const LoraModule& module);

}  // namespace lorafleet::model
