#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace lorafleet::tests {

/// While it lives, LibTorch gets no block of more than `most` bytes of the CPU's memory, and no
/// more than `in_all` at once of what it asks for meanwhile: it meets what it would throw on a
/// device that is full.
class ScarceMemory {
 public:
  explicit ScarceMemory(std::size_t most, std::size_t in_all = SIZE_MAX);
  ~ScarceMemory();
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;

  /// Of the requests from now on the one with this number, from 0, is refused too.
  void refuse(std::int64_t request);

  [[nodiscard]] std::int64_t requests() const;
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

/// Whether the model's code takes an error of LibTorch with this text for one of memory.
bool is_out_of_memory(const std::string& text);

}  // namespace lorafleet::tests
