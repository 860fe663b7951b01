#pragma once

#include <span>

#include "model/network/rows/drop_entries.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {

/// Draws dropout masks from a stream of its own, one after the other: they depend on the stream and
/// on the order and sizes of the masks only, not on the compiler or LibTorch. Internal to model/.
class Dropout {
 public:
  /// None.
  Dropout() = default;
  /// `probability` of an entry to be dropped, from 0 to below 1; exact to 2^-32.
  Dropout(double probability, const Random& random) : probability_(probability), random_(random) {}

  [[nodiscard]] bool active() const { return probability_ > 0.0; }
  /// Entry i becomes 0 where it is dropped, else 1 / (1 - probability). Two draws of 64 bits are
  /// the source of a mask's decisions (drop_entries).
  void fill(std::span<float> mask);
  /// The source of the next mask; draws it.
  DropSource next();
  [[nodiscard]] double probability() const { return probability_; }

 private:
  double probability_ = 0.0;
  Random random_{0, Purpose::lora_dropout};
};

}  // namespace lorafleet::model
