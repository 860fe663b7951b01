#pragma once

#include <cstddef>
#include <memory>

namespace lorafleet::tests {

/// While it lives, LibTorch gets no block of more than `most` bytes of the CPU's memory: it meets
/// what it would throw on a device that is full.
class ScarceMemory {
 public:
  explicit ScarceMemory(std::size_t most);
  ~ScarceMemory();
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;

  /// How often something was refused.
  [[nodiscard]] int refusals() const;
  /// Bytes of the largest block that was asked for.
  [[nodiscard]] std::size_t largest() const;
  /// The most bytes that were there at once.
  [[nodiscard]] std::size_t most_alive() const;

 private:
  class Allocator;
  std::unique_ptr<Allocator> allocator_;
};

}  // namespace lorafleet::tests
