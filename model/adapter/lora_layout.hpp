#pragma once

#include <cstddef>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// In lora.target_modules, alone, as in PEFT: all linear layers but the output layer.
inline constexpr const char* kAllLinear = "all-linear";

/// The modules that `lora` adapts in a base of this shape, in the order of the shape. Throws
/// InputError for an unknown module.
LayoutPtr make_layout(const ModelShape& shape, const LoraConfig& lora);

/// Throws InputError where lora.target_modules names what a base of this shape lacks.
void check_targets(const ModelShape& shape, const LoraConfig& lora);

/// Which module of the shape a module of an adapter stands for. Throws InputError where the base
/// has no such layer or the sizes differ.
std::size_t find_module(const ModelShape& shape, const LoraModule& module);

/// Throws InputError where tensors that an adapter trained whole are not those of a base of this
/// shape; none at all fit any base.
void check_whole(const ModelShape& shape, const std::vector<WholeTensor>& whole);

}  // namespace lorafleet::model
