#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/files/tensor_view.hpp"

namespace lorafleet::model {

/// A tensor as torch.save describes it: a view of a storage, which lies elsewhere in the file.
struct PickledTensor {
  std::string storage;             ///< key of the storage
  DType dtype = DType::float32;    ///< of the storage
  std::uint64_t storage_size = 0;  ///< elements
  std::uint64_t offset = 0;        ///< of the first element
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< in elements
};

/// The state_dict in a pickle of torch.save: a dictionary of tensors by name. It is read by a
/// machine that knows numbers, strings, containers and tensors; nothing is imported or called, and
/// any class or function beyond those that rebuild tensors is refused by name. Its memory is
/// proportional to `bytes`. Throws InputError that names `name`, the place and the reason.
std::map<std::string, PickledTensor> read_state_dict(std::span<const std::byte> bytes,
                                                     const std::string& name);

}  // namespace lorafleet::model
