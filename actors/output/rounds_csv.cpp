#include "actors/output/rounds_csv.hpp"

#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

void RoundsCsv::add(const Event& event) {
  if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    loss_sum_ += arrived->loss;
    ++losses_;
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    latest_ = *made;
  }
}

void RoundsCsv::add_version(sim::Version version, sim::VirtualTime time, const RunTotals& totals) {
  Row row{time, totals, latest_, 0.0, false, {}};
  row.made.version = version;
  if (losses_ > 0) row.train_loss = loss_sum_ / static_cast<double>(losses_);
  loss_sum_ = 0.0;
  losses_ = 0;
  rows_.push_back(std::move(row));
}

void RoundsCsv::add_evaluation(sim::Version version, const model::Evaluation& evaluation) {
  auto& row = rows_.at(version.value);
  row.evaluated = true;
  row.score = evaluation.total;
}

double RoundsCsv::latest_train_loss() const {
  return rows_.empty() ? 0.0 : rows_.back().train_loss;
}

void RoundsCsv::write(const std::filesystem::path& file) const {
  std::string text =
      "version,virtual_seconds,updates,mean_staleness,train_loss,step_norm,adapter_norm,"
      "updates_dropped,train_tokens,bytes_down,bytes_up,eval_loss,eval_perplexity,"
      "eval_token_accuracy\n";
  for (const auto& row : rows_) {
    text += std::to_string(row.made.version.value) + ',' + shortest(row.time.seconds()) + ',' +
            std::to_string(row.made.updates) + ',' + shortest(row.made.mean_staleness) + ',' +
            shortest(row.train_loss) + ',' + shortest(row.made.step_norm) + ',' +
            shortest(row.made.adapter_norm) + ',' + std::to_string(row.totals.updates_dropped) +
            ',' + std::to_string(row.totals.train_tokens) + ',' +
            std::to_string(row.totals.bytes_down) + ',' + std::to_string(row.totals.bytes_up) + ',';
    if (row.evaluated) {
      text += shortest(row.score.loss()) + ',' + shortest(row.score.perplexity()) + ',' +
              shortest(row.score.token_accuracy());
    } else {
      text += ",,";
    }
    text += '\n';
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
