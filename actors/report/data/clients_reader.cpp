#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <string_view>

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

/// Where the columns are.
struct Columns {
  explicit Columns(const TableRow& row)
      : client(row.column("client")),
        tier(row.column("tier")),
        speed(row.column("tokens_per_second")),
        examples(row.column("examples")),
        jobs(row.column("jobs")),
        received(row.column("updates_received")),
        lost(row.column("jobs_lost")),
        in_flight(row.column("jobs_in_flight_at_end")),
        refused(row.column("updates_refused")),
        busy(row.column("busy_seconds")),
        computing(row.column("computing_seconds")),
        energy(row.column("energy_wh")) {}
  std::size_t client, tier, speed, examples, jobs, received, lost, in_flight, refused, busy,
      computing, energy;
};

/// The places of tiers by name.
class TierIndex {
 public:
  std::size_t operator()(Clients& clients, std::string_view name) {
    const auto found = places_.find(name);
    if (found != places_.end()) return found->second;
    if (clients.tiers.size() == kMostTiers) return kMostTiers - 1;
    const std::size_t place = clients.tiers.size();
    clients.tiers.emplace_back().name = name;
    places_.emplace(name, place);
    return place;
  }

 private:
  std::map<std::string, std::size_t, std::less<>> places_;
};

std::int64_t whole(double value) {
  return value > 0.0 ? static_cast<std::int64_t>(std::min(value, 4e9)) : 0;
}

double not_below_0(double value) {
  return value > 0.0 ? value : 0.0;
}

void add_to(TierFigures& tier, const TableRow& row, const Columns& at, double jobs) {
  ++tier.clients;
  tier.jobs += whole(jobs);
  tier.received += whole(row.number(at.received));
  tier.lost += whole(row.number(at.lost));
  tier.in_flight += whole(row.number(at.in_flight));
  tier.refused += whole(row.number(at.refused));
  tier.busy_seconds += not_below_0(row.number(at.busy));
  tier.computing_seconds += not_below_0(row.number(at.computing));
  tier.energy_wh += not_below_0(row.number(at.energy));
}

}  // namespace

Clients read_clients(const std::filesystem::path& file) {
  Clients clients;
  TierIndex tier_index;
  std::optional<Columns> columns;
  std::priority_queue<Busy, std::vector<Busy>, LessBusyFirst> busiest;
  for_each_row(file, [&](const TableRow& row) {
    if (!columns) {
      clients.names = row.names();
      columns.emplace(row);
    }
    const Columns& at = *columns;
    const std::size_t client = clients.tier_of.size();
    if (row.number(at.client) != static_cast<double>(client)) {
      throw InputError(file.string(), "client " + std::to_string(client) + " is missing; clients " +
                                          "must stand in their order, from 0");
    }
    const std::size_t tier = tier_index(clients, row.text(at.tier));
    const double jobs = row.number(at.jobs);
    clients.tier_of.push_back(static_cast<std::uint16_t>(tier));
    clients.speed.push_back(static_cast<float>(row.number(at.speed)));
    clients.jobs.push_back(static_cast<std::uint32_t>(whole(jobs)));
    clients.received.push_back(static_cast<std::uint32_t>(whole(row.number(at.received))));
    clients.examples.push_back(static_cast<std::uint32_t>(whole(row.number(at.examples))));
    add_to(clients.tiers[tier], row, at, jobs);
    if (busiest.size() < Clients::kMostRows || jobs > busiest.top().jobs) {
      busiest.push({jobs, client, {row.cells().begin(), row.cells().end()}});
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
