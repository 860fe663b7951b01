#pragma once

#include <string>
#include <vector>

namespace lorafleet::tests {

// How far float32 may be from what Hugging Face and PEFT computed.
constexpr double kLogitsTolerance = 1e-5;    // absolute
constexpr double kHiddenTolerance = 2e-5;    // absolute
constexpr double kMergedTolerance = 1e-6;    // absolute
constexpr double kLossTolerance = 1e-6;      // relative
constexpr double kGradientTolerance = 1e-5;  // relative to the tensor's largest entry
constexpr double kWeightsTolerance = 1e-5;   // absolute, after five steps

/// The stored batches, by where their padding is.
inline const std::vector<std::string> kPaddedBatches = {"nopad", "right", "left"};

}  // namespace lorafleet::tests
