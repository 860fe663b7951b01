#include "actors/run/run_audit.hpp"

#include <algorithm>
#include <cmath>

#include "actors/strategy/modes/policy.hpp"
#include "actors/strategy/modes/staleness.hpp"

namespace lorafleet::actors {

namespace {

constexpr double kHardlyCounts = 0.1;
constexpr double kMany = 0.1;

std::string some_of(const std::vector<std::size_t>& clients) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(clients.size(), kShown); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(clients[i]);
  return text + (clients.size() > kShown ? ", ..." : "");
}

std::string percent(double share) {
  return std::to_string(static_cast<int>(share * 100.0 + 0.5)) + " %";
}

}  // namespace

void RunAudit::add(const Event& event) {
  if (std::holds_alternative<JobDispatched>(event.what)) {
    ++jobs_;
  } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    ++received_;
    ++by_staleness_[arrived->staleness];
    Client& client = clients_[arrived->id.client.value];
    ++client.contributions;
    client.latest = arrived->id.seq;
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    ++lost_[lost->reason];
    Client& client = clients_[lost->id.client.value];
    if (lost->id.seq <= client.latest) --client.contributions;  // it had arrived
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    ++versions_;
    applied_ += made->updates;
    if (made->fold && made->fold->rank_collapse) ++collapsed_;
  }
}

std::string RunAudit::reasons() const {
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  for (const auto& [reason, count] : lost_)
    sorted.emplace_back(-count, reason);
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (const auto& [count, reason] : sorted)
    text += (text.empty() ? "" : ", ") + reason + " " + std::to_string(-count);
  return text;
}

std::vector<std::string> RunAudit::warnings(const FederationConfig& config) const {
  std::vector<std::string> lines;
  std::int64_t lost = 0;
  for (const auto& [reason, count] : lost_)
    lost += count;
  const auto ended = static_cast<double>(lost + applied_);
  if (applied_ == 0) {
    lines.push_back("no update was ever applied: the adapter is the initial one" +
                    (lost_.empty() ? "" : " (" + reasons() + ")"));
  } else if (static_cast<double>(lost) > 0.5 * ended) {
    lines.push_back(percent(static_cast<double>(lost) / ended) +
                    " of the jobs that ended were lost (" + reasons() +
                    "): what is left may not stand for the clients");
  }

  std::vector<std::size_t> starved;
  for (std::size_t c = 0; c < clients_.size(); ++c) {
    if (has_examples_[c] && clients_[c].contributions == 0) starved.push_back(c);
  }
  const auto with_data = std::count(has_examples_.begin(), has_examples_.end(), true);
  // Clients drawn evenly would be missed by chance: n exp(-draws / n) of them.
  const auto clients = static_cast<double>(with_data);
  const double by_chance = clients * std::exp(-static_cast<double>(received_) / clients);
  if (received_ >= 3 * with_data && static_cast<double>(starved.size()) > 3.0 * by_chance + 0.5) {
    lines.push_back(std::to_string(starved.size()) + " of " + std::to_string(with_data) +
                    " clients with data never contributed an update (" + some_of(starved) +
                    "), though there were " + std::to_string(received_) +
                    ": the result is not about them");
  }

  if (strategy::weighs_staleness(config.clients, config.aggregation) && received_ > 0) {
    const strategy::StalenessWeight weight(config.aggregation.staleness);
    std::int64_t ignored = 0;
    for (const auto& [staleness, updates] : by_staleness_) {
      if (weight(staleness) < kHardlyCounts) ignored += updates;
    }
    const double share = static_cast<double>(ignored) / static_cast<double>(received_);
    if (share > kMany) {
      lines.push_back(percent(share) +
                      " of the updates were so stale that they weighed less than a tenth of a "
                      "fresh one (largest staleness " +
                      std::to_string(by_staleness_.rbegin()->first) +
                      "): slow clients were trained for next to nothing; a smaller concurrency, a "
                      "larger buffer or another aggregation.staleness would use them");
    }
  }
  if (2 * collapsed_ > versions_) {
    lines.push_back("rank collapse: in " + std::to_string(collapsed_) + " of " +
                    std::to_string(versions_) +
                    " versions the global update had an effective rank near 1");
  }
  return lines;
}

}  // namespace lorafleet::actors
