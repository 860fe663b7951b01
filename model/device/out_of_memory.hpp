#pragma once

namespace c10 {
class Error;
}

namespace lorafleet::model {

/// Whether a device, or one of its libraries, had no memory: not only LibTorch's allocator says so,
/// but cuBLAS where it makes a handle, and CUDA where it loads a kernel. Internal to model/.
bool is_out_of_memory(const c10::Error& error);

}  // namespace lorafleet::model
