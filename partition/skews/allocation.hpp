#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "partition/skews/share_rows.hpp"
#include "partition/skews/skew.hpp"

namespace lorafleet::partition {

/// Deals `count` items over the clients in proportion to `weights` (summing to 1) by largest
/// remainders. `carry` holds what earlier deals owe to each client and is brought up to date, so
/// that totals over many small deals stay right; a client whose weight is below a hundredth of the
/// largest gets no extra item for its carry while others are there.
std::vector<std::size_t> apportion(std::size_t count, const std::vector<double>& weights,
                                   std::vector<double>& carry);

/// Spreads training examples over clients by cells, as draw_partition describes.
///
/// Time is in proportion to cells * clients, plus n log n; memory to examples, clients and bins.
/// The shares are not kept where they would be more than `limits.kept` numbers, but drawn again.
class Allocation {
 public:
  /// What is kept of shares and weights at a time, and how many draws are too many.
  struct Limits {
    std::size_t kept = std::size_t{1} << 25;       ///< shares: 256 MiB
    std::size_t block = std::size_t{1} << 22;      ///< weights of moves, computed at a time
    std::uint64_t draws = std::uint64_t{1} << 31;  ///< of shares, in all
  };

  /// `sizes` has one entry for each client and sums to 1; `draw(s, bin)` gives the shares of
  /// `bins[s]`. Throws InputError where that would be more draws than the limit.
  Allocation(const std::vector<Bins>& bins, ShareRows::Draw draw, std::vector<double> sizes,
             std::size_t examples, const Limits& limits);
  Allocation(const std::vector<Bins>& bins, ShareRows::Draw draw, std::vector<double> sizes,
             std::size_t examples);

  void deal(std::uint64_t seed);
  /// Moves examples until every client has `least`; needs clients * least <= examples. Throws
  /// InputError where that would be more draws than the limit.
  void hold_minimum(std::size_t least);
  /// Positions in the training examples, ascending, for each client.
  [[nodiscard]] const std::vector<std::vector<std::uint32_t>>& clients() const { return clients_; }

 private:
  struct Cell {
    std::uint32_t begin = 0;  ///< of its examples in order_
    std::uint32_t end = 0;
    double largest = 0.0;  ///< of the clients' logarithmic weights
    double sum = 1.0;      ///< of their weights relative to the largest
  };
  /// `count` examples that one client gives to another.
  struct Move {
    std::uint32_t giver = 0;
    std::uint32_t taker = 0;
    std::size_t count = 0;
  };
  class Givers;
  class Taker;

  void find_cells(const std::vector<Bins>& bins);
  void check_draws(std::uint64_t passes) const;
  [[nodiscard]] std::uint32_t bin(std::size_t cell, std::size_t skew) const {
    return cell_bins_[cell * skews_ + skew];
  }
  /// Who gives how many to whom follows from the clients' sizes alone.
  [[nodiscard]] std::vector<Move> plan_moves(std::size_t least) const;
  /// For each move the taker's weight in each of the giver's cells.
  [[nodiscard]] std::vector<std::vector<double>> weights_of(const Move* begin, const Move* end,
                                                            const Givers& givers);

  std::size_t skews_;
  std::vector<std::size_t> bin_counts_;  ///< by skew
  ShareRows shares_;
  std::vector<double> log_sizes_;
  Limits limits_;
  std::vector<std::uint32_t> order_;  ///< positions by cell, ascending within
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> cell_bins_;  ///< [cells][skews]
  std::vector<std::uint32_t> cell_of_;    ///< by position
  std::vector<std::vector<std::uint32_t>> clients_;
};

}  // namespace lorafleet::partition
