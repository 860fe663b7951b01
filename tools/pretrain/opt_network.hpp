#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tools/pretrain/opt_size.hpp"

namespace lorafleet::pretrain {

/// Sequences of one length, one behind the other: `inputs` and what follows each of them.
struct Windows {
  std::int64_t length = 0;
  std::vector<std::int64_t> inputs;
  std::vector<std::int64_t> labels;
};

/// An OPT model all of whose weights are trained. Each thread has one of its own over the same
/// weights, which may change between two calls.
class OptNetwork {
 public:
  /// `weights`: as parameters_of lists them; they are not copied.
  OptNetwork(const OptSize& size, float* weights);
  ~OptNetwork();
  OptNetwork(const OptNetwork&) = delete;
  OptNetwork& operator=(const OptNetwork&) = delete;

  /// The loss summed over all labels, in nats.
  [[nodiscard]] double loss(const Windows& windows) const;
  /// The same; `gradient`, as long as the weights, becomes that of factor * loss.
  double loss_and_gradient(const Windows& windows, double factor, std::span<float> gradient) const;

 private:
  struct Leaves;
  [[nodiscard]] double step(const Windows& windows, double factor, std::span<float> gradient) const;

  OptSize size_;
  std::unique_ptr<Leaves> leaves_;
};

}  // namespace lorafleet::pretrain
