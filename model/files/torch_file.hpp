#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "model/files/tensor_view.hpp"

namespace lorafleet::model {

/// The tensors of a whole torch.save file in memory (its ZIP form, torch 1.6 and later): a
/// state_dict whose storages are members of the archive. Tensors may share a storage. Throws
/// InputError that names `name` and the reason; for the older forms it says how to convert.
std::map<std::string, TensorView> parse_torch_file(std::span<const std::byte> bytes,
                                                   const std::string& name);

}  // namespace lorafleet::model
