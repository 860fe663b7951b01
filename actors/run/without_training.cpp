#include "actors/run/without_training.hpp"

#include "actors/run/run_scorer.hpp"
#include "actors/run/workload.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "partition/picture/picture.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {

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

model::Evaluation evaluate_adapter(const FederationConfig& config, const model::AdapterPtr& adapter,
                                   const RunOptions& options) {
  model::configure_thread(static_cast<int>(config.slots.threads));
  for (const auto& line : model::runtime_warnings())
    options.warning(line);
  const Workload work = prepare_workload(config, options.log, options.warning);
  const auto base = model::BaseModel::load(config.model, config.slots.device);
  return make_run_scorer(config, work, base)->evaluate_fully(adapter);
}

}  // namespace lorafleet::actors
