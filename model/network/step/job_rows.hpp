#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/network/lora_leaves.hpp"

namespace lorafleet::model {

class TileCache;

/// Whose the rows of a pass are: those of a job lie together. Rows after the last job's are
/// padding. Internal to model/.
struct JobRows {
  std::vector<LoraLeaves*> leaves;         ///< of each job; empty: the base alone
  std::vector<std::int64_t> firsts = {0};  ///< its first row, and the end of the last

  std::shared_ptr<TileCache> tiles = nullptr;  ///< of them, where operators of any device serve

  [[nodiscard]] std::size_t count() const { return leaves.size(); }
  [[nodiscard]] std::int64_t end() const { return firsts.back(); }
  void add(LoraLeaves* own, std::int64_t rows) {
    if (own != nullptr) leaves.push_back(own);
    firsts.push_back(firsts.back() + rows);
  }
  /// The job's part of x, which has a row for each of the pass.
  [[nodiscard]] at::Tensor of(const at::Tensor& x, std::size_t job) const {
    const std::int64_t rows = firsts[job + 1] - firsts[job];
    return rows == x.size(0) ? x : x.narrow(0, firsts[job], rows);
  }
};

}  // namespace lorafleet::model
