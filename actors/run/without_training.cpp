#include "actors/run/without_training.hpp"

#include "actors/run/run_scorer.hpp"
#include "actors/run/slot_jobs.hpp"
#include "actors/run/workload.hpp"
#include "model/device/device_name.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/evaluation/sequence_scores.hpp"
#include "model/network/base_model.hpp"
#include "partition/examples/example.hpp"
#include "partition/picture/picture.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {
namespace {

/// What a classifier takes each scored example for.
std::vector<model::Prediction> class_predictions(const FederationConfig& config,
                                                 const Workload& work, const model::BaseModel& base,
                                                 const model::AdapterPtr& adapter) {
  const auto scores = model::score_sequences(base, adapter, *work.encoded, work.scored,
                                             config.evaluation.batch_tokens);
  std::vector<model::Prediction> predictions;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const partition::Example& example = work.examples[work.scored[i]];
    model::Prediction& made = predictions.emplace_back();
    made.id = example.id;
    made.target = example.target;
    made.choice = partition::classes_of(example)[scores[i].chosen_class()];
    made.scores = {{"accuracy", scores[i].accuracy()}, {"loss", scores[i].loss()}};
  }
  return predictions;
}

}  // namespace

std::string partition_only(const FederationConfig& config, const RunOptions& options) {
  const Workload work = prepare_workload(config, options.log, options.warning);
  if (!options.out.empty()) {
    make_folder(options.out);
    write_file(options.out / "partition.json", manifest_of(config, work));
    write_file(options.out / "partition.svg",
               partition::to_svg(work.partition, work.statistics, config.name));
  }
  return partition::to_text(work.partition, work.statistics);
}

AdapterEvaluation evaluate_adapter(const FederationConfig& config, const model::AdapterPtr& adapter,
                                   bool predict, const RunOptions& options) {
  model::configure_thread(static_cast<int>(config.slots.threads));
  for (const auto& line : model::runtime_warnings())
    options.warning(line);
  const Workload work = prepare_workload(config, options.log, options.warning);
  const std::string device = model::first_device(config.slots.device);
  check_base_fits(config, {device});
  const auto base = model::BaseModel::load(config.model, device);
  AdapterEvaluation result{make_run_scorer(config, work, base)->evaluate_fully(adapter),
                           work.classes};
  if (predict && work.shape.classifier) {
    result.evaluation.predictions = class_predictions(config, work, *base, adapter);
  }
  return result;
}

}  // namespace lorafleet::actors
