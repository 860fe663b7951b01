#include "actors/run/local_scores.hpp"

#include "actors/run/trainers/private_factor_trainer.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "model/evaluation/scorer.hpp"

namespace lorafleet::actors {

std::vector<LocalScore> local_scores(const FederationConfig& config, const Learning& learning,
                                     const FinalState& end, std::size_t slots,
                                     std::stop_token stop) {
  const Workload& work = *learning.work;
  const auto& bases = learning.bases;
  LocalParts local;
  local.trainer = learning.honest;
  local.scorer = [&](std::uint32_t client, std::size_t slot) {
    return model::make_scorer(bases[slot % bases.size()], work.encoded, work.local_test[client],
                              config.evaluation);
  };
  local.context_tokens = [&](std::uint32_t client) {
    double sum = 0.0;
    for (const std::uint32_t index : work.local_test[client])
      sum += static_cast<double>(work.encoded->context_tokens(index));
    return sum / static_cast<double>(work.local_test[client].size());
  };
  local.train = work.client_examples;
  for (std::uint32_t client = 0; client < work.local_test.size(); ++client) {
    if (!work.local_test[client].empty()) local.clients.push_back(client);
  }
  const auto most = static_cast<std::size_t>(config.evaluation.local_clients);
  if (most > 0 && local.clients.size() > most) local.clients.resize(most);
  const std::shared_ptr<const strategy::LoraRule> rule =
      strategy::lora_rules().make(config.aggregation.lora, config.aggregation);
  local.adapter = [&](std::uint32_t client) -> model::AdapterPtr {
    auto layout = learning.federation.layouts.empty() ? end.adapter->layout
                                                      : learning.federation.layouts[client];
    if (const auto changed = end.clients.layouts.find(client); changed != end.clients.layouts.end())
      layout = changed->second;
    const auto received = rule->view(end.adapter, layout);
    const auto state = end.clients.states.find(client);
    if (state == end.clients.states.end()) return received;
    return std::make_shared<const model::Adapter>(with_private_b(*received, state->second.get()));
  };
  local.alone_jobs = config.evaluation.local_alone_jobs;
  local.start = [&](std::uint32_t client) {
    const auto& layouts = learning.federation.layouts;
    return rule->view(learning.federation.initial,
                      layouts.empty() ? learning.federation.initial->layout : layouts[client]);
  };
  local.trains = rule->trains(end.version);
  local.bare_base = !bases.front()->shape().classifier;
  local.run_seed = config.seed;
  local.version = end.version.value;
  local.slots = slots;
  local.threads = static_cast<int>(config.slots.threads);
  return evaluate_locally(local, std::move(stop));
}

}  // namespace lorafleet::actors
