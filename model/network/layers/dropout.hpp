#pragma once

#include <cstdint>
#include <span>

#include "partition/support/random.hpp"

namespace lorafleet::model {

/// Draws dropout masks from a stream of its own, one after the other: they depend on the stream and
/// on the order and sizes of the masks only, not on the compiler or LibTorch. Internal to model/.
class Dropout {
 public:
  /// None.
  Dropout() = default;
  /// `probability` of an entry to be dropped, from 0 to below 1; exact to 2^-32.
  Dropout(double probability, const Random& random);

  [[nodiscard]] bool active() const { return keep_below_ < kAlways; }
  /// Entry i becomes 0 where it is dropped, else 1 / (1 - probability). A draw of 64 bits decides
  /// two entries, the lower half the first; each mask begins with a draw of its own.
  void fill(std::span<float> mask);

 private:
  static constexpr std::uint64_t kAlways = std::uint64_t{1} << 32;

  std::uint64_t keep_below_ = kAlways;  ///< an entry stays where its 32 bits are less
  float scale_ = 1.0f;
  Random random_{0, Purpose::lora_dropout};
};

}  // namespace lorafleet::model
