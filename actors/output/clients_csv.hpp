#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "actors/coordinator/events.hpp"

namespace lorafleet::actors {

/// What is known of a client before the run.
struct ClientFacts {
  std::string tier;
  double tokens_per_second = 0.0;
  double download_mbps = 0.0;
  double upload_mbps = 0.0;
  std::int64_t rank = 0;
  std::int64_t examples = 0;
};

/// clients.csv: a row for each client, what it is and what it did.
class ClientsCsv {
 public:
  explicit ClientsCsv(std::vector<ClientFacts> facts);
  void add(const Event& event);
  void write(const std::filesystem::path& file) const;
  /// Of each client, those that were not refused.
  [[nodiscard]] std::vector<std::int64_t> updates() const;
  [[nodiscard]] const std::vector<ClientFacts>& facts() const { return facts_; }
  /// Those that gave most updates, `most` of them; of equals the first. In their own order.
  [[nodiscard]] std::vector<sim::ClientId> busiest(std::size_t most) const;

 private:
  struct Tally {
    std::int64_t jobs = 0;
    std::int64_t received = 0;
    std::int64_t lost = 0;
    std::int64_t unfinished = 0;
    std::int64_t refused = 0;
    std::uint64_t staleness = 0;
    std::int64_t tokens = 0;
    double loss = 0.0;  // of the latest update
    sim::VirtualDuration busy;
    sim::VirtualDuration computing;
    std::int64_t bytes_down = 0;
    std::int64_t bytes_up = 0;
    double joules = 0.0;
    double cost = 0.0;
  };

  std::vector<ClientFacts> facts_;
  std::vector<Tally> tallies_;
};

}  // namespace lorafleet::actors
