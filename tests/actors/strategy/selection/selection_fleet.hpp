#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "actors/strategy/selection/selection.hpp"

namespace lorafleet::tests {

/// Clients 0 to n - 1 as a test describes them.
struct SelectionFleet final : strategy::SelectionView {
  std::vector<std::int64_t> sizes;
  std::vector<double> seconds;
  sim::Version at;

  explicit SelectionFleet(std::vector<std::int64_t> examples_by_client)
      : sizes(std::move(examples_by_client)), seconds(sizes.size(), 1.0) {}

  [[nodiscard]] std::int64_t examples(sim::ClientId client) const override {
    return sizes[client.value];
  }
  [[nodiscard]] std::int64_t most_examples() const override {
    return *std::max_element(sizes.begin(), sizes.end());
  }
  [[nodiscard]] double expected_seconds(sim::ClientId client) const override {
    return seconds[client.value];
  }
  [[nodiscard]] sim::Version version() const override { return at; }
  [[nodiscard]] sim::VirtualTime now() const override { return {}; }

  [[nodiscard]] std::vector<sim::ClientId> all() const {
    std::vector<sim::ClientId> clients;
    for (std::uint32_t c = 0; c < sizes.size(); ++c)
      clients.push_back({c});
    return clients;
  }
  /// Chosen with the random numbers of job `seq`.
  [[nodiscard]] std::vector<std::uint32_t> choose(strategy::Selection& selection,
                                                  const std::vector<sim::ClientId>& candidates,
                                                  std::size_t count, std::uint64_t seq) const {
    Random random(7, Purpose::selection, 0, seq);
    std::vector<std::uint32_t> ids;
    for (const auto client : selection.choose(candidates, count, random, *this))
      ids.push_back(client.value);
    return ids;
  }
  /// How often each client is chosen, among `draws` choices of one, each with a fresh key.
  [[nodiscard]] std::vector<double> shares(strategy::Selection& selection, int draws) const {
    std::vector<double> shares(sizes.size(), 0.0);
    const auto candidates = all();
    for (int draw = 0; draw < draws; ++draw) {
      shares[choose(selection, candidates, 1, static_cast<std::uint64_t>(draw)).front()] +=
          1.0 / draws;
    }
    return shares;
  }
};

/// An update of `client`, trained from `version`.
inline strategy::Outcome update_of(std::uint32_t client, std::uint64_t version, double loss,
                                   double seconds, std::int64_t examples) {
  return {{{client}, {1}}, {version}, loss, seconds, examples, 0};
}

}  // namespace lorafleet::tests
