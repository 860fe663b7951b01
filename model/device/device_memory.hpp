#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace lorafleet::model {

/// Bytes that the GPU of this name ("cuda", "cuda:N") has left, once LibTorch has given back what
/// it keeps for later; nothing for the CPU, or where CUDA's runtime does not say. `symbol` gives
/// the address of a function of it by its name, or null.
std::optional<std::int64_t> free_memory(const std::string& device,
                                        const std::function<void*(const char*)>& symbol);

}  // namespace lorafleet::model
