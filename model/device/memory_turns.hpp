#pragma once

#include <c10/core/Device.h>

#include <functional>

namespace lorafleet::model {

// Threads share a GPU's memory: what has no room beside the others' passes may have it without
// them. Internal to model/.

/// Whether others may have taken its memory; what the CPU lacks, it lacks for all.
bool shares_memory(const c10::Device& device);

/// Does work that takes memory on the device and gives it back, beside that of other threads.
void beside_others(const c10::Device& device, const std::function<void()>& work);

/// The same when all such work on this device has ended; what begins later waits until it is done.
/// Where no memory is shared it waits for nobody.
void without_others(const c10::Device& device, const std::function<void()>& work);

}  // namespace lorafleet::model
