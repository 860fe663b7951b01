#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace lorafleet {

/// Some of a list of examples, by their places in it.
using Indices = std::vector<std::uint32_t>;
using IndicesPtr = std::shared_ptr<const Indices>;

}  // namespace lorafleet
