#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/network/layers/frozen_linear.hpp"

namespace lorafleet::model {

/// Frozen linear layers that read the same rows, so that one product serves them all. Internal to
/// model/.
struct LinearGroup {
  std::vector<std::size_t> modules;  ///< of the base's shape, in the order of their outputs
  std::vector<std::int64_t> firsts;  ///< the first output of each, and the number of all
  FrozenLinear fused;                ///< [all outputs, in]
  at::Tensor narrow_bias;            ///< its bias in the type of its weight

  [[nodiscard]] bool empty() const { return modules.empty(); }
  [[nodiscard]] std::int64_t out() const { return firsts.back(); }
  /// Those of a member in y [rows, all outputs]; a view.
  [[nodiscard]] at::Tensor columns(const at::Tensor& y, std::size_t member) const;
  /// Makes `fused` from the layers of the base, whose weights become views of it; takes what lies
  /// together already as it is, and what is quantised. `packs`: for products that read a packed
  /// weight.
  void fuse(std::vector<FrozenLinear>& linears, bool packs);
};

}  // namespace lorafleet::model
