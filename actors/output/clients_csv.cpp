#include "actors/output/clients_csv.hpp"

#include <algorithm>

#include "actors/output/csv_columns.hpp"
#include "partition/support/csv.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {

ClientsCsv::ClientsCsv(std::vector<ClientFacts> facts)
    : facts_(std::move(facts)), tallies_(facts_.size()) {}

void ClientsCsv::add(const Event& event) {
  if (const auto* job = std::get_if<JobDispatched>(&event.what)) {
    auto& tally = tallies_[job->id.client.value];
    ++tally.jobs;
  } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    auto& tally = tallies_[arrived->id.client.value];
    ++tally.received;
    tally.staleness += arrived->staleness;
    tally.tokens += arrived->tokens;
    tally.loss = arrived->loss;
    sim::charge(tally, arrived->used);
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    auto& tally = tallies_[lost->id.client.value];
    ++(lost->used ? tally.lost : tally.refused);
    if (lost->used) sim::charge(tally, *lost->used);
  } else if (const auto* unfinished = std::get_if<JobUnfinished>(&event.what)) {
    auto& tally = tallies_[unfinished->id.client.value];
    ++tally.unfinished;
    sim::charge(tally, unfinished->used);
  }
}

std::vector<std::int64_t> ClientsCsv::updates() const {
  std::vector<std::int64_t> counts;
  counts.reserve(tallies_.size());
  for (const Tally& tally : tallies_)
    counts.push_back(tally.received - tally.refused);
  return counts;
}

std::vector<sim::ClientId> ClientsCsv::busiest(std::size_t most) const {
  std::vector<sim::ClientId> clients;
  for (std::size_t i = 0; i < tallies_.size(); ++i)
    clients.push_back({static_cast<std::uint32_t>(i)});
  if (clients.size() <= most) return clients;
  const auto busier = [&](sim::ClientId a, sim::ClientId b) {
    const std::int64_t x = tallies_[a.value].received;
    const std::int64_t y = tallies_[b.value].received;
    return x != y ? x > y : a < b;
  };
  const auto end = clients.begin() + static_cast<std::ptrdiff_t>(most);
  std::partial_sort(clients.begin(), end, clients.end(), busier);
  clients.erase(end, clients.end());
  std::sort(clients.begin(), clients.end());
  return clients;
}

namespace {

template <typename Tally, typename Visitor>
void columns(std::size_t client, const ClientFacts& fact, const Tally& tally, Visitor& visit) {
  visit("client", client);
  visit("tier", fact.tier);
  visit("tokens_per_second", fact.tokens_per_second);
  visit("download_mbps", fact.download_mbps);
  visit("upload_mbps", fact.upload_mbps);
  visit("rank", fact.rank);
  visit("examples", fact.examples);
  visit("jobs", tally.jobs);
  visit("updates_received", tally.received);
  visit("jobs_lost", tally.lost);
  visit("jobs_in_flight_at_end", tally.unfinished);
  visit("updates_refused", tally.refused);
  visit("mean_staleness", tally.received == 0 ? 0.0
                                              : static_cast<double>(tally.staleness) /
                                                    static_cast<double>(tally.received));
  visit("train_tokens", tally.tokens);
  visit("latest_train_loss", tally.loss);
  visit("busy_seconds", tally.busy.seconds());
  visit("computing_seconds", tally.computing.seconds());
  visit("bytes_down", tally.bytes_down);
  visit("bytes_up", tally.bytes_up);
  visit("energy_wh", tally.joules / 3600.0);
  visit("cost", tally.cost);
}

}  // namespace

void ClientsCsv::write(const std::filesystem::path& file) const {
  ColumnNames header;
  columns(0, {}, Tally{}, header);
  std::string text = csv_line(header.cells);
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    RowCells row;
    columns(i, facts_[i], tallies_[i], row);
    text += csv_line(row.cells);
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
