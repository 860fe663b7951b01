#pragma once

#include <functional>
#include <string>

namespace lorafleet::bench {

/// Runs `work` under LibTorch's profiler and writes what operators and kernels it ran, as a trace
/// in Chrome's format (Perfetto shows it), to `path`. Needs a LibTorch with Kineto.
void trace(const std::string& path, const std::function<void()>& work);

}  // namespace lorafleet::bench
