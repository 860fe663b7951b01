#pragma once

namespace lorafleet::tools {

/// The same as in CMakeLists.txt's project(); a test compares them.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace lorafleet::tools
