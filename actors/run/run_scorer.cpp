#include "actors/run/run_scorer.hpp"

#include "model/evaluation/scorer.hpp"
#include "model/evaluation/text_scorer.hpp"
#include "partition/examples/attributes.hpp"

namespace lorafleet::actors {

std::shared_ptr<const model::Scorer> make_run_scorer(const FederationConfig& config,
                                                     const Workload& work,
                                                     const model::BaseModelPtr& base) {
  std::vector<std::string> groups;
  if (config.evaluation.groups > 0) {
    for (const auto& example : work.examples) {
      const auto value = partition::grouping_value(example, config.evaluation.group_by);
      groups.emplace_back(value.empty() ? "(none)" : value);
    }
  }
  std::shared_ptr<const model::Scorer> likelihood =
      model::make_scorer(base, work.encoded, work.scored, config.evaluation, groups);
  if (config.evaluation.metrics.empty()) return likelihood;
  std::vector<partition::Example> examples;
  for (const std::uint32_t index : work.scored)
    examples.push_back(work.examples[index]);
  return model::make_text_scorer(likelihood, base, work.encoder, std::move(examples),
                                 config.evaluation, config.seed);
}

}  // namespace lorafleet::actors
