#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <string>

namespace lorafleet::fake_gpu {

/// How many cards there are: LORAFLEET_FAKE_GPUS, 2 where it is not set.
int card_count();

/// Their names: LORAFLEET_FAKE_GPU_NAMES, parted by commas; the last one stands for the rest.
std::string card_name(int card);

/// Bytes of a card's memory: LORAFLEET_FAKE_GPU_MIB, 4,096 where it is not set.
std::size_t card_memory();

/// What the driver says that nobody has taken of it; more than there is where
/// LORAFLEET_FAKE_GPU_CLAIMS_MIB makes the whole more than it is.
std::size_t free_memory(int card);

/// A card's memory. Its addresses can be neither read nor written, as a real card's cannot; what is
/// allocated there holds NaN. Throws OutOfMemoryError as LibTorch's allocator does.
c10::Allocator* card_allocator(int card);

/// Where the host reads and writes what lies at an address of a card.
void* host_address(void* on_card);

/// The current card of this thread.
int& current_card();

}  // namespace lorafleet::fake_gpu
