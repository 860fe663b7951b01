#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace lorafleet::strategy {

/// What a client of a smaller layout loses of the global update.
struct ViewLoss {
  std::int64_t rank = 0;  ///< the largest of the client's layout
  double share = 0.0;     ///< |dW - dW_view|^2 / |dW|^2 over all modules
};

/// What a fold did to the updates, measured in product space: dW = s B A of all modules together,
/// norms are Frobenius norms.
struct FoldReport {
  /// |dW_new - dW_ideal| / |dW_ideal|, where dW_ideal is the sum of products that the rule stands
  /// for, with the base's change where the rule makes one. Nothing where the server cannot know it
  /// (fedsa), where a server optimiser other than plain sgd came in between, or where it is 0/0.
  std::optional<double> reconstruction_error;
  /// Share of |dW_ideal|^2 that the truncation to the server's rank dropped; 0 for rules without.
  double dropped_energy = 0.0;
  std::vector<ViewLoss> views;  ///< of each distinct client layout in the fold, by rising rank
  /// exp(H(p)) with p_i = sigma_i^2 / sum_j sigma_j^2 of a module's global update and H the entropy
  /// (Roy and Vetterli 2007, of the energies), averaged over the modules with an update; 0 where
  /// none has one. flora: of the change of the base. Nothing for fedsa, whose B the server lacks.
  std::optional<double> effective_rank;
  /// effective_rank below `collapsed_rank`, of a server rank of at least 2.
  bool rank_collapse = false;
  /// Of each item, in the space in which the rule averages (factors, products): its change, and the
  /// angle between this and the step that the server took. 0 where one of them is 0.
  std::vector<double> norms;
  std::vector<double> cosines;
  /// What a change of the base weighs as a message: its factors as float32, or dense where less.
  std::int64_t base_change_bytes = 0;
};

/// Below it about nine tenths of the energy lie in one direction.
inline constexpr double kCollapsedRank = 1.5;

}  // namespace lorafleet::strategy
