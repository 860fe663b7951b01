#include "actors/output/clients_csv.hpp"

#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

ClientsCsv::ClientsCsv(std::vector<ClientFacts> facts)
    : facts_(std::move(facts)), tallies_(facts_.size()) {}

void ClientsCsv::add(const Event& event) {
  if (const auto* job = std::get_if<JobDispatched>(&event.what)) {
    auto& tally = tallies_[job->client.value];
    ++tally.jobs;
    tally.joules += job->joules;
    tally.cost += job->cost;
    tally.job = job->seq;
    tally.started = event.time;
  } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    auto& tally = tallies_[arrived->client.value];
    ++tally.received;
    tally.staleness += arrived->staleness;
    tally.tokens += arrived->tokens;
    tally.loss = arrived->loss;
    end_job(arrived->client, arrived->seq, event.time);
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    ++tallies_[lost->client.value].lost;
    end_job(lost->client, lost->seq, event.time);
  }
}

void ClientsCsv::end_job(sim::ClientId client, sim::Sequence seq, sim::VirtualTime end) {
  Tally& tally = tallies_[client.value];
  if (tally.job != seq) return;  // an update that arrived and was lost later
  tally.busy = tally.busy + (end - tally.started);
  tally.job = {};
}

void ClientsCsv::write(const std::filesystem::path& file) const {
  std::string text =
      "client,tier,tokens_per_second,download_mbps,upload_mbps,rank,examples,jobs,"
      "updates_received,jobs_lost,mean_staleness,train_tokens,latest_train_loss,busy_seconds,"
      "energy_wh,cost\n";
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    const auto& fact = facts_[i];
    const auto& tally = tallies_[i];
    const double mean_staleness = tally.received == 0 ? 0.0
                                                      : static_cast<double>(tally.staleness) /
                                                            static_cast<double>(tally.received);
    text += std::to_string(i) + ',' + fact.tier + ',' + shortest(fact.tokens_per_second) + ',' +
            shortest(fact.download_mbps) + ',' + shortest(fact.upload_mbps) + ',' +
            std::to_string(fact.rank) + ',' + std::to_string(fact.examples) + ',' +
            std::to_string(tally.jobs) + ',' + std::to_string(tally.received) + ',' +
            std::to_string(tally.lost) + ',' + shortest(mean_staleness) + ',' +
            std::to_string(tally.tokens) + ',' + shortest(tally.loss) + ',' +
            shortest(tally.busy.seconds()) + ',' + shortest(tally.joules / 3600.0) + ',' +
            shortest(tally.cost) + '\n';
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
