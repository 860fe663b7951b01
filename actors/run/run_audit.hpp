#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/coordinator/events.hpp"

namespace lorafleet::actors {

/// Watches the events of a run for what would make a researcher's conclusion wrong.
class RunAudit {
 public:
  /// `has_examples` of each client; the others are not expected to contribute.
  explicit RunAudit(std::vector<bool> has_examples)
      : has_examples_(std::move(has_examples)), clients_(has_examples_.size()) {}

  void add(const Event& event);

  /// What a user should know at the end: updates that were nearly all dropped, clients that never
  /// counted, staleness that the weighting all but ignores.
  [[nodiscard]] std::vector<std::string> warnings(const FederationConfig& config) const;

 private:
  [[nodiscard]] std::string reasons() const;

  struct Client {
    std::uint32_t contributions = 0;  ///< updates that were not dropped
    sim::Sequence latest;             ///< job whose update arrived
  };
  std::vector<bool> has_examples_;
  std::vector<Client> clients_;
  std::int64_t jobs_ = 0;
  std::int64_t received_ = 0;
  std::int64_t applied_ = 0;
  std::map<std::string, std::int64_t> lost_;            ///< by reason
  std::map<std::uint64_t, std::int64_t> by_staleness_;  ///< updates received
  std::int64_t collapsed_ = 0;                          ///< versions of collapsed rank
  std::int64_t versions_ = 0;
};

}  // namespace lorafleet::actors
