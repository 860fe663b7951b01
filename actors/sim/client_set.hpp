#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "actors/sim/ids.hpp"

namespace lorafleet::sim {

/// A set of the clients 0 to `clients` - 1 with O(1) insert, erase and access by position. The
/// order of the members depends on nothing but the sequence of calls.
class ClientSet {
 public:
  explicit ClientSet(std::size_t clients) : positions_(clients, kAbsent) {}

  [[nodiscard]] bool contains(ClientId client) const { return positions_[client.value] != kAbsent; }
  void insert(ClientId client) {
    assert(!contains(client));
    positions_[client.value] = static_cast<std::uint32_t>(members_.size());
    members_.push_back(client);
  }
  /// The last member takes the place of the one that leaves.
  void erase(ClientId client) {
    assert(contains(client));
    const std::uint32_t position = positions_[client.value];
    members_[position] = members_.back();
    positions_[members_[position].value] = position;
    members_.pop_back();
    positions_[client.value] = kAbsent;
  }
  [[nodiscard]] std::span<const ClientId> members() const { return members_; }
  [[nodiscard]] std::size_t size() const { return members_.size(); }

 private:
  static constexpr std::uint32_t kAbsent = std::numeric_limits<std::uint32_t>::max();
  std::vector<ClientId> members_;
  std::vector<std::uint32_t> positions_;
};

}  // namespace lorafleet::sim
