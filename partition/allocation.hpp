#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "partition/skew.hpp"

namespace lorafleet::partition {

/// The shares of one label skew: shares[bin][client], each row sums to 1.
using Shares = std::vector<std::vector<double>>;

/// Deals `count` items over the clients in proportion to `weights` (summing to 1) by largest
/// remainders. `carry` holds what earlier deals owe to each client and is brought up to date, so
/// that totals over many small deals stay right; a client whose weight is below a hundredth of the
/// largest gets no extra item for its carry while others are there.
std::vector<std::size_t> apportion(std::size_t count, const std::vector<double>& weights,
                                   std::vector<double>& carry);

/// Spreads training examples over clients by cells, as draw_partition describes.
class Allocation {
 public:
  /// `sizes` has one entry for each client and sums to 1; `shares[s]` belongs to `bins[s]`.
  Allocation(const std::vector<Bins>& bins, std::vector<Shares> shares, std::vector<double> sizes,
             std::size_t examples);

  void deal(std::uint64_t seed);
  /// Moves examples until every client has `least`; needs clients * least <= examples.
  void hold_minimum(std::size_t least);
  /// Positions in the training examples, ascending, for each client.
  [[nodiscard]] const std::vector<std::vector<std::uint32_t>>& clients() const { return clients_; }

 private:
  struct Cell {
    std::vector<std::uint32_t> bins;       ///< one for each skew
    std::vector<std::uint32_t> positions;  ///< of its examples, until they are dealt
    double largest = 0.0;                  ///< of the clients' logarithmic weights
    double sum = 1.0;                      ///< of their weights relative to the largest
  };

  [[nodiscard]] double log_weight(const Cell& cell, std::size_t client) const;
  /// The part of the cell that is to go to the client. Computed, not kept: a table of cells x
  /// clients could be larger than the data.
  [[nodiscard]] double weight(const Cell& cell, std::size_t client) const;
  void find_scale(Cell& cell) const;
  void move_one(std::size_t from, std::size_t to);

  std::vector<Shares> shares_;
  std::vector<double> sizes_;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> cell_of_;  ///< by position
  std::vector<std::vector<std::uint32_t>> clients_;
};

}  // namespace lorafleet::partition
