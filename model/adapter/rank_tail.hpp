#pragma once

#include <cstddef>
#include <cstdint>

#include "model/adapter/adapter.hpp"

namespace lorafleet::model {

/// The upper part of a rank: of A: [r, in] the rows, of B: [out, r] the columns from m =
/// floor(share r) on. HetLoRA (arXiv 2401.06432) pushes it down and cuts it off.

/// m; r itself, so that nothing is cut, where nothing would be left.
std::int64_t kept_rank(std::int64_t rank, double share);

/// |B[:, m:]|_F and |A[m:, :]|_F of a module.
struct TailNorms {
  double a = 0.0;
  double b = 0.0;
};
TailNorms tail_norms(const Adapter& adapter, std::size_t module, std::int64_t first);

/// HetLoRA's regulariser (arXiv 2401.06432): lambda sum_modules |B[:, m:]|_F |A[m:, :]|_F, m =
/// floor(gamma r), added to a client's loss. It pushes down the part of each rank that self-pruning
/// cuts off.
struct RankPenalty {
  double lambda = 0.0;  ///< 0: none
  double gamma = 1.0;   ///< the part of a rank that is left alone
};

}  // namespace lorafleet::model
