#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "partition/partitioner.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::tests {

/// The plainest way to deal examples and to hold a minimum: every share in a table, every example
/// of the giver looked at for every one that moves. What partition::Allocation yields, in the time
/// of examples * moves.
class PlainAllocation {
 public:
  using Shares = std::vector<std::vector<double>>;  ///< [bins][clients]
  using Clients = std::vector<std::vector<std::uint32_t>>;

  PlainAllocation(const std::vector<partition::Bins>& bins, std::vector<Shares> shares,
                  std::vector<double> sizes, std::size_t examples)
      : shares_(std::move(shares)),
        sizes_(std::move(sizes)),
        cell_of_(examples),
        clients_(sizes_.size()) {
    std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> cells;
    for (std::uint32_t position = 0; position < examples; ++position) {
      std::vector<std::uint32_t> key;
      for (const auto& skew : bins)
        key.push_back(skew.bin_of[position]);
      cells[key].push_back(position);
    }
    for (auto& [key, positions] : cells) {
      for (const auto position : positions)
        cell_of_[position] = static_cast<std::uint32_t>(cells_.size());
      find_scale(cells_.emplace_back(Cell{key, positions}));
    }
  }

  void deal(std::uint64_t seed) {
    std::vector<double> carry(sizes_.size(), 0.0);
    std::vector<double> weights(sizes_.size());
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      auto order = cells_[i].positions;
      Random(seed, Purpose::partition, (std::uint64_t{1} << 32) + i).shuffle(order);
      for (std::size_t c = 0; c < weights.size(); ++c)
        weights[c] = weight(cells_[i], c);
      const auto dealt = apportion(order.size(), weights, carry);
      auto next = order.begin();
      for (std::size_t c = 0; c < dealt.size(); ++c) {
        const auto end = next + static_cast<long>(dealt[c]);
        clients_[c].insert(clients_[c].end(), next, end);
        next = end;
      }
    }
    for (auto& client : clients_)
      std::sort(client.begin(), client.end());
  }

  void hold_minimum(std::size_t least) {
    const auto smaller = [](const auto& a, const auto& b) { return a.size() < b.size(); };
    for (std::size_t taker = 0; taker < clients_.size(); ++taker) {
      while (clients_[taker].size() < least) {
        const auto largest = std::max_element(clients_.begin(), clients_.end(), smaller);
        const auto giver = static_cast<std::size_t>(largest - clients_.begin());
        while (clients_[taker].size() < least && clients_[giver].size() > least)
          move_one(giver, taker);
      }
    }
  }

  [[nodiscard]] const Clients& clients() const { return clients_; }

 private:
  struct Cell {
    std::vector<std::uint32_t> bins;
    std::vector<std::uint32_t> positions;
    double largest = 0.0;
    double sum = 1.0;
  };

  static double log_share(double share) { return std::log(std::max(share, 1e-300)); }

  static std::vector<std::size_t> apportion(std::size_t count, const std::vector<double>& weights,
                                            std::vector<double>& carry) {
    std::vector<std::size_t> dealt(weights.size());
    std::vector<std::size_t> order(weights.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::size_t left = count;
    for (std::size_t c = 0; c < weights.size(); ++c) {
      const double quota = static_cast<double>(count) * weights[c];
      dealt[c] = std::min(static_cast<std::size_t>(quota), left);
      left -= dealt[c];
      carry[c] += quota - static_cast<double>(dealt[c]);
    }
    const double threshold = 0.01 * *std::max_element(weights.begin(), weights.end());
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::make_tuple(weights[a] < threshold, -carry[a], a) <
             std::make_tuple(weights[b] < threshold, -carry[b], b);
    });
    for (std::size_t i = 0; i < left; ++i) {
      ++dealt[order[i % order.size()]];
      carry[order[i % order.size()]] -= 1.0;
    }
    return dealt;
  }

  [[nodiscard]] double log_weight(const Cell& cell, std::size_t client) const {
    double weight = log_share(sizes_[client]);
    for (std::size_t s = 0; s < cell.bins.size(); ++s)
      weight += log_share(shares_[s][cell.bins[s]][client]);
    return weight;
  }

  void find_scale(Cell& cell) const {
    cell.largest = log_weight(cell, 0);
    for (std::size_t c = 1; c < sizes_.size(); ++c)
      cell.largest = std::max(cell.largest, log_weight(cell, c));
    cell.sum = 0.0;
    for (std::size_t c = 0; c < sizes_.size(); ++c)
      cell.sum += std::exp(log_weight(cell, c) - cell.largest);
  }

  [[nodiscard]] double weight(const Cell& cell, std::size_t client) const {
    return std::exp(log_weight(cell, client) - cell.largest) / cell.sum;
  }

  void move_one(std::size_t from, std::size_t to) {
    std::map<std::uint32_t, std::size_t> held;
    for (const auto position : clients_[to])
      ++held[cell_of_[position]];
    const auto fitness = [&](std::uint32_t position) {
      const auto cell = cell_of_[position];
      const auto own = held.find(cell);
      const std::size_t count = own == held.end() ? 0 : own->second;
      return std::make_tuple(weight(cells_[cell], to), count, position);
    };
    auto& giver = clients_[from];
    auto best = giver.begin();
    for (auto it = giver.begin(); it != giver.end(); ++it) {
      if (fitness(*it) > fitness(*best)) best = it;
    }
    auto& taker = clients_[to];
    taker.insert(std::lower_bound(taker.begin(), taker.end(), *best), *best);
    giver.erase(best);
  }

  std::vector<Shares> shares_;
  std::vector<double> sizes_;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> cell_of_;
  Clients clients_;
};

}  // namespace lorafleet::tests
