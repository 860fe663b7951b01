#include "actors/output/rounds_csv.hpp"

#include <set>

#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

void RoundsCsv::add(const Event& event) {
  if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    losses_[arrived->seq] = arrived->loss;
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    losses_.erase(lost->seq);
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    latest_ = *made;
    double sum = 0.0;
    for (const auto& [seq, loss] : losses_)
      sum += loss;
    latest_train_loss_ = losses_.empty() ? 0.0 : sum / static_cast<double>(losses_.size());
    losses_.clear();
  }
}

void RoundsCsv::add_version(sim::Version version, sim::VirtualTime time, const RunTotals& totals) {
  Row row{time,
          totals.updates_dropped,
          totals.train_tokens,
          totals.bytes_down,
          totals.bytes_up,
          latest_,
          latest_train_loss_,
          false,
          {},
          {}};
  row.made.version = version;
  rows_.push_back(std::move(row));
}

void RoundsCsv::add_evaluation(sim::Version version, const model::Evaluation& evaluation) {
  auto& row = rows_.at(version.value);
  row.evaluated = true;
  row.score = evaluation.total;
  row.metrics = evaluation.metrics;
}

void RoundsCsv::write(const std::filesystem::path& file) const {
  std::string text =
      "version,virtual_seconds,updates,mean_staleness,train_loss,step_norm,adapter_norm,"
      "updates_dropped,train_tokens,bytes_down,bytes_up,eval_loss,eval_perplexity,"
      "eval_token_accuracy";
  std::set<std::string> metrics;
  for (const auto& row : rows_) {
    for (const auto& [name, value] : row.metrics)
      metrics.insert(name);
  }
  for (const auto& name : metrics)
    text += ",eval_" + name;
  text += '\n';
  for (const auto& row : rows_) {
    text += std::to_string(row.made.version.value) + ',' + shortest(row.time.seconds()) + ',' +
            std::to_string(row.made.updates) + ',' + shortest(row.made.mean_staleness) + ',' +
            shortest(row.train_loss) + ',' + shortest(row.made.step_norm) + ',' +
            shortest(row.made.adapter_norm) + ',' + std::to_string(row.updates_dropped) + ',' +
            std::to_string(row.train_tokens) + ',' + std::to_string(row.bytes_down) + ',' +
            std::to_string(row.bytes_up) + ',';
    if (row.evaluated) {
      text += shortest(row.score.loss()) + ',' + shortest(row.score.perplexity()) + ',' +
              shortest(row.score.token_accuracy());
    } else {
      text += ",,";
    }
    for (const auto& name : metrics) {
      const auto found = row.metrics.find(name);
      text += ',' + (found == row.metrics.end() ? "" : shortest(found->second));
    }
    text += '\n';
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
