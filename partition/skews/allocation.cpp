#include "partition/skews/allocation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "partition/support/error.hpp"

namespace lorafleet::partition {

namespace {

std::vector<std::size_t> counts_of(const std::vector<Bins>& bins) {
  std::vector<std::size_t> counts;
  for (const auto& skew : bins)
    counts.push_back(skew.names.size());
  return counts;
}

}  // namespace

std::vector<std::size_t> apportion(std::size_t count, const std::vector<double>& weights,
                                   std::vector<double>& carry) {
  const std::size_t clients = weights.size();
  std::vector<std::size_t> dealt(clients);
  std::size_t left = count;
  for (std::size_t c = 0; c < clients; ++c) {
    const double quota = static_cast<double>(count) * weights[c];
    dealt[c] = std::min(static_cast<std::size_t>(quota), left);
    left -= dealt[c];
    carry[c] += quota - static_cast<double>(dealt[c]);
  }
  if (left == 0) return dealt;
  const double threshold = 0.01 * *std::max_element(weights.begin(), weights.end());
  std::vector<std::size_t> order(clients);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    return std::make_tuple(weights[a] < threshold, -carry[a], a) <
           std::make_tuple(weights[b] < threshold, -carry[b], b);
  };
  // Rounding can leave one more than there are clients only in theory; the cycle keeps it exact.
  if (left < clients) {
    std::nth_element(order.begin(), order.begin() + static_cast<long>(left), order.end(), before);
  } else {
    std::sort(order.begin(), order.end(), before);
  }
  for (std::size_t i = 0; i < left; ++i) {
    ++dealt[order[i % clients]];
    carry[order[i % clients]] -= 1.0;
  }
  return dealt;
}

/// What the clients that give hold, by cell.
class Allocation::Givers {
 public:
  struct Part {
    std::uint32_t cell = 0;
    std::size_t begin = 0;  ///< in `positions`, ascending
    std::size_t end = 0;
  };
  struct Held {
    std::vector<std::uint32_t> positions;
    std::vector<Part> parts;  ///< ascending by cell; an empty one has been given away
  };

  Givers(const Allocation& allocation, const std::vector<Move>& moves) {
    for (const auto& move : moves) {
      if (!held_.contains(move.giver)) {
        held_[move.giver] = by_cell(allocation.clients_[move.giver], allocation.cell_of_);
      }
    }
  }

  Held& at(std::uint32_t giver) { return held_.at(giver); }
  [[nodiscard]] const Held& at(std::uint32_t giver) const { return held_.at(giver); }

  void put_back(std::vector<std::vector<std::uint32_t>>& clients) const {
    for (const auto& [giver, held] : held_) {
      auto& list = clients[giver];
      list.clear();
      for (const auto& part : held.parts) {
        list.insert(list.end(), held.positions.begin() + static_cast<long>(part.begin),
                    held.positions.begin() + static_cast<long>(part.end));
      }
      std::sort(list.begin(), list.end());
    }
  }

 private:
  static Held by_cell(std::vector<std::uint32_t> positions,
                      const std::vector<std::uint32_t>& cell_of) {
    std::sort(positions.begin(), positions.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::make_pair(cell_of[a], a) < std::make_pair(cell_of[b], b);
    });
    Held held;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const std::uint32_t cell = cell_of[positions[i]];
      if (held.parts.empty() || held.parts.back().cell != cell) held.parts.push_back({cell, i, i});
      held.parts.back().end = i + 1;
    }
    held.positions = std::move(positions);
    return held;
  }

  std::unordered_map<std::uint32_t, Held> held_;
};

/// A client that takes what it lacks: always the example with the greatest (weight of its cell,
/// number of examples of that cell that the client has by then, position).
class Allocation::Taker {
 public:
  Taker(std::vector<std::uint32_t>& own, const std::vector<std::uint32_t>& cell_of) : own_(own) {
    for (const auto position : own)
      ++has_[cell_of[position]];
  }

  void take(std::size_t count, Givers::Held& giver, const std::vector<double>& weights) {
    std::vector<std::uint32_t> parts;
    std::vector<std::size_t> has(giver.parts.size());
    for (std::uint32_t p = 0; p < giver.parts.size(); ++p) {
      if (giver.parts[p].begin == giver.parts[p].end) continue;
      const auto found = has_.find(giver.parts[p].cell);
      has[p] = found == has_.end() ? 0 : found->second;
      parts.push_back(p);
    }
    const auto fitness = [&](std::uint32_t p) {
      return std::make_tuple(weights[p], has[p], giver.positions[giver.parts[p].end - 1]);
    };
    const auto below = [&](std::uint32_t a, std::uint32_t b) { return fitness(a) < fitness(b); };
    std::make_heap(parts.begin(), parts.end(), below);
    while (count > 0) {
      std::pop_heap(parts.begin(), parts.end(), below);
      // To have one more of a cell makes it only fitter: it stays the best until it is used up.
      auto& part = giver.parts[parts.back()];
      parts.pop_back();
      const std::size_t taken = std::min(count, part.end - part.begin);
      for (std::size_t i = 0; i < taken; ++i)
        own_.push_back(giver.positions[--part.end]);
      has_[part.cell] += taken;
      count -= taken;
    }
  }

 private:
  std::vector<std::uint32_t>& own_;
  std::unordered_map<std::uint32_t, std::size_t> has_;  ///< number of its examples by cell
};

Allocation::Allocation(const std::vector<Bins>& bins, ShareRows::Draw draw,
                       std::vector<double> sizes, std::size_t examples, const Limits& limits)
    : skews_(bins.size()),
      bin_counts_(counts_of(bins)),
      shares_(std::move(draw), bin_counts_, limits.kept),
      log_sizes_(std::move(sizes)),
      limits_(limits),
      order_(examples),
      cell_of_(examples),
      clients_(log_sizes_.size()) {
  for (double& size : log_sizes_)
    size = log_share(size);
  find_cells(bins);
  check_draws(1);
}

Allocation::Allocation(const std::vector<Bins>& bins, ShareRows::Draw draw,
                       std::vector<double> sizes, std::size_t examples)
    : Allocation(bins, std::move(draw), std::move(sizes), examples, Limits{}) {}

void Allocation::find_cells(const std::vector<Bins>& bins) {
  std::iota(order_.begin(), order_.end(), 0U);
  const auto compare = [&](std::uint32_t a, std::uint32_t b) {
    for (const auto& skew : bins) {
      if (skew.bin_of[a] != skew.bin_of[b]) return skew.bin_of[a] < skew.bin_of[b] ? -1 : 1;
    }
    return 0;
  };
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return compare(a, b) < 0; });
  for (std::uint32_t i = 0; i < order_.size(); ++i) {
    const bool opens = i == 0 || compare(order_[i - 1], order_[i]) != 0;
    if (opens) {
      cells_.push_back({.begin = i, .end = i});
      for (const auto& skew : bins)
        cell_bins_.push_back(skew.bin_of[order_[i]]);
    }
    cells_.back().end = i + 1;
    cell_of_[order_[i]] = static_cast<std::uint32_t>(cells_.size() - 1);
  }
}

void Allocation::check_draws(std::uint64_t passes) const {
  std::uint64_t rows = 0;
  for (const std::size_t count : bin_counts_)
    rows += count;
  const std::uint64_t clients = clients_.size();
  if (rows * clients <= limits_.kept) return;  // drawn once
  // With one skew each row is used by one cell; with more it may have to be drawn for each of them.
  const std::uint64_t drawn = skews_ == 1 ? rows : cells_.size() * skews_;
  if (drawn * clients <= limits_.draws / passes) return;
  throw InputError(
      "partition.skew",
      std::to_string(rows) + " bins over " + std::to_string(clients) + " clients are " +
          std::to_string(rows * clients) + " shares" +
          (passes > 1 ? ", which min_examples would need " + std::to_string(passes) + " times over"
                      : "") +
          ": too many to draw; allowed: skews with fewer bins, or fewer clients" +
          (passes > 1 ? ", or a smaller min_examples" : ""));
}

void Allocation::deal(std::uint64_t seed) {
  constexpr std::uint64_t kOrders = std::uint64_t{1} << 32;
  std::vector<double> carry(clients_.size(), 0.0);
  std::vector<double> weights(clients_.size());
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    Cell& cell = cells_[i];
    order.assign(order_.begin() + cell.begin, order_.begin() + cell.end);
    Random(seed, Purpose::partition, kOrders + i).shuffle(order);
    weights = log_sizes_;
    for (std::size_t s = 0; s < skews_; ++s) {
      const auto& logs = shares_.logs(s, bin(i, s));
      for (std::size_t c = 0; c < weights.size(); ++c)
        weights[c] += logs[c];
    }
    cell.largest = *std::max_element(weights.begin(), weights.end());
    cell.sum = 0.0;
    for (double& weight : weights) {
      weight = std::exp(weight - cell.largest);
      cell.sum += weight;
    }
    for (double& weight : weights)
      weight /= cell.sum;
    const auto dealt = apportion(order.size(), weights, carry);
    auto next = order.begin();
    for (std::size_t c = 0; c < dealt.size(); ++c) {
      if (dealt[c] == 0) continue;
      const auto end = next + static_cast<long>(dealt[c]);
      clients_[c].insert(clients_[c].end(), next, end);
      next = end;
    }
  }
  for (auto& client : clients_) {
    std::sort(client.begin(), client.end());
  }
}

std::vector<Allocation::Move> Allocation::plan_moves(std::size_t least) const {
  // The largest first; of equal ones the first client.
  const auto after = [](const auto& a, const auto& b) {
    return std::make_pair(a.first, b.second) < std::make_pair(b.first, a.second);
  };
  using Size = std::pair<std::size_t, std::uint32_t>;
  std::priority_queue<Size, std::vector<Size>, decltype(after)> givers(after);
  for (std::uint32_t c = 0; c < clients_.size(); ++c) {
    if (clients_[c].size() > least) givers.emplace(clients_[c].size(), c);
  }
  std::vector<Move> moves;
  for (std::uint32_t taker = 0; taker < clients_.size(); ++taker) {
    for (std::size_t has = clients_[taker].size(); has < least;) {
      const auto [size, giver] = givers.top();
      givers.pop();
      const std::size_t count = std::min(least - has, size - least);
      moves.push_back({giver, taker, count});
      has += count;
      if (size - count > least) givers.emplace(size - count, giver);
    }
  }
  return moves;
}

std::vector<std::vector<double>> Allocation::weights_of(const Move* begin, const Move* end,
                                                        const Givers& givers) {
  struct Wanted {
    std::uint32_t cell, taker;
    double* weight;
  };
  std::vector<std::vector<double>> weights;
  std::vector<Wanted> wanted;
  for (const Move* move = begin; move != end; ++move) {
    const auto& parts = givers.at(move->giver).parts;
    auto& row = weights.emplace_back(parts.size(), log_sizes_[move->taker]);
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (parts[p].begin != parts[p].end) wanted.push_back({parts[p].cell, move->taker, &row[p]});
    }
  }
  // Cell by cell, so that rows of shares that are not kept are drawn once.
  std::sort(wanted.begin(), wanted.end(),
            [](const Wanted& a, const Wanted& b) { return a.cell < b.cell; });
  for (auto first = wanted.begin(); first != wanted.end();) {
    const std::uint32_t cell = first->cell;
    const auto last =
        std::find_if(first, wanted.end(), [&](const Wanted& w) { return w.cell != cell; });
    for (std::size_t s = 0; s < skews_; ++s) {
      const auto& logs = shares_.logs(s, bin(cell, s));
      for (auto one = first; one != last; ++one)
        *one->weight += logs[one->taker];
    }
    for (; first != last; ++first) {
      *first->weight = std::exp(*first->weight - cells_[cell].largest) / cells_[cell].sum;
    }
  }
  return weights;
}

void Allocation::hold_minimum(std::size_t least) {
  const auto moves = plan_moves(least);
  if (moves.empty()) return;
  Givers givers(*this, moves);
  const auto cells_in = [&](const Move& move) { return givers.at(move.giver).parts.size(); };
  std::uint64_t weights = 0;
  for (const auto& move : moves)
    weights += cells_in(move);
  check_draws(1 + (weights + limits_.block - 1) / limits_.block);
  for (std::size_t i = 0; i < moves.size();) {
    std::size_t next = i;
    for (std::size_t size = 0; next < moves.size() && (next == i || size < limits_.block); ++next)
      size += cells_in(moves[next]);
    const auto block = weights_of(moves.data() + i, moves.data() + next, givers);
    for (const std::size_t first = i; i < next;) {
      const std::uint32_t client = moves[i].taker;
      Taker taker(clients_[client], cell_of_);
      for (; i < next && moves[i].taker == client; ++i)
        taker.take(moves[i].count, givers.at(moves[i].giver), block[i - first]);
    }
  }
  givers.put_back(clients_);
  for (const auto& move : moves)
    std::sort(clients_[move.taker].begin(), clients_[move.taker].end());
}

}  // namespace lorafleet::partition
