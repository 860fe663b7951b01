#include "actors/output/clients_csv.hpp"

#include "partition/support/csv.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"

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
    tally.charge(arrived->used);
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    auto& tally = tallies_[lost->id.client.value];
    ++(lost->used ? tally.lost : tally.refused);
    if (lost->used) tally.charge(*lost->used);
  } else if (const auto* unfinished = std::get_if<JobUnfinished>(&event.what)) {
    auto& tally = tallies_[unfinished->id.client.value];
    ++tally.unfinished;
    tally.charge(unfinished->used);
  }
}

void ClientsCsv::Tally::charge(const sim::JobUsage& used) {
  busy = busy + used.busy;
  computing = computing + used.computing;
  bytes_down += used.bytes_down;
  bytes_up += used.bytes_up;
  joules += used.joules;
  cost += used.cost;
}

void ClientsCsv::write(const std::filesystem::path& file) const {
  std::string text =
      "client,tier,tokens_per_second,download_mbps,upload_mbps,rank,examples,jobs,"
      "updates_received,jobs_lost,jobs_in_flight_at_end,updates_refused,mean_staleness,"
      "train_tokens,latest_train_loss,busy_seconds,computing_seconds,bytes_down,bytes_up,"
      "energy_wh,cost\n";
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    const auto& fact = facts_[i];
    const auto& tally = tallies_[i];
    const double mean_staleness = tally.received == 0 ? 0.0
                                                      : static_cast<double>(tally.staleness) /
                                                            static_cast<double>(tally.received);
    text += std::to_string(i) + ',' + csv_field(fact.tier) + ',' +
            shortest(fact.tokens_per_second) + ',' + shortest(fact.download_mbps) + ',' +
            shortest(fact.upload_mbps) + ',' + std::to_string(fact.rank) + ',' +
            std::to_string(fact.examples) + ',' + std::to_string(tally.jobs) + ',' +
            std::to_string(tally.received) + ',' + std::to_string(tally.lost) + ',' +
            std::to_string(tally.unfinished) + ',' + std::to_string(tally.refused) + ',' +
            shortest(mean_staleness) + ',' + std::to_string(tally.tokens) + ',' +
            shortest(tally.loss) + ',' + shortest(tally.busy.seconds()) + ',' +
            shortest(tally.computing.seconds()) + ',' + std::to_string(tally.bytes_down) + ',' +
            std::to_string(tally.bytes_up) + ',' + shortest(tally.joules / 3600.0) + ',' +
            shortest(tally.cost) + '\n';
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
