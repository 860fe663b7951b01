#include <algorithm>
#include <cmath>
#include <queue>

#include "actors/report/data/run_data.hpp"
#include "actors/report/data/table_reader.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::report {

namespace {

constexpr std::size_t kMostTiers = 1000;

struct Busy {
  double jobs;
  std::size_t client;
  std::vector<std::string> cells;
};
/// The least busy first; of equals the later client.
struct LessBusyFirst {
  bool operator()(const Busy& a, const Busy& b) const {
    return a.jobs != b.jobs ? a.jobs > b.jobs : a.client < b.client;
  }
};

std::size_t tier_index(Clients& clients, const std::string& name) {
  for (std::size_t i = 0; i < clients.tiers.size(); ++i) {
    if (clients.tiers[i].name == name) return i;
  }
  if (clients.tiers.size() == kMostTiers) return kMostTiers - 1;
  clients.tiers.emplace_back().name = name;
  return clients.tiers.size() - 1;
}

template <typename Integer>
Integer whole(const TableRow& row, const char* column) {
  const double value = row.number(column);
  return value > 0.0 ? static_cast<Integer>(std::min(value, 4e9)) : Integer{0};
}

double seconds(const TableRow& row, const char* column) {
  const double value = row.number(column);
  return value > 0.0 ? value : 0.0;
}

void add_to(TierFigures& tier, const TableRow& row) {
  ++tier.clients;
  tier.jobs += whole<std::int64_t>(row, "jobs");
  tier.received += whole<std::int64_t>(row, "updates_received");
  tier.lost += whole<std::int64_t>(row, "jobs_lost");
  tier.in_flight += whole<std::int64_t>(row, "jobs_in_flight_at_end");
  tier.refused += whole<std::int64_t>(row, "updates_refused");
  tier.busy_seconds += seconds(row, "busy_seconds");
  tier.computing_seconds += seconds(row, "computing_seconds");
  tier.energy_wh += seconds(row, "energy_wh");
}

}  // namespace

Clients read_clients(const std::filesystem::path& file) {
  Clients clients;
  std::priority_queue<Busy, std::vector<Busy>, LessBusyFirst> busiest;
  for_each_row(file, [&](const TableRow& row) {
    if (clients.names.empty()) clients.names = row.names();
    const std::size_t client = clients.tier_of.size();
    if (row.number("client") != static_cast<double>(client)) {
      throw InputError(file.string(), "client " + std::to_string(client) + " is missing; clients " +
                                          "must stand in their order, from 0");
    }
    const std::size_t tier = tier_index(clients, row.text("tier"));
    clients.tier_of.push_back(static_cast<std::uint16_t>(tier));
    clients.speed.push_back(static_cast<float>(row.number("tokens_per_second")));
    clients.received.push_back(whole<std::uint32_t>(row, "updates_received"));
    clients.examples.push_back(whole<std::uint32_t>(row, "examples"));
    add_to(clients.tiers[tier], row);
    const double jobs = row.number("jobs");
    if (busiest.size() < Clients::kMostRows || jobs > busiest.top().jobs) {
      busiest.push({jobs, client, row.cells()});
      if (busiest.size() > Clients::kMostRows) busiest.pop();
    }
  });
  for (; !busiest.empty(); busiest.pop())
    clients.rows.push_back(busiest.top().cells);
  std::reverse(clients.rows.begin(), clients.rows.end());
  return clients;
}

double gini_of(std::vector<std::uint32_t> counts) {
  std::sort(counts.begin(), counts.end());
  double sum = 0.0;
  double weighted = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    weighted += static_cast<double>(i + 1) * counts[i];
  }
  if (sum == 0.0) return 0.0;
  const auto n = static_cast<double>(counts.size());
  return 2.0 * weighted / (n * sum) - (n + 1.0) / n;
}

}  // namespace lorafleet::report
