#pragma once

#include <ATen/ATen.h>

namespace lorafleet::fake_gpu {

/// The host reads a number of a card.
void count_wait();

/// A copy with a card on one side at least. Copies that should not block must be from or to pinned
/// memory: throws where they are not, since those block all the same.
void count_transfer(const at::Tensor& to, const at::Tensor& from, bool non_blocking);

/// Memory of the host that cards read and write by themselves.
c10::Allocator* pinned_allocator();
bool is_pinned(const void* address);

}  // namespace lorafleet::fake_gpu
