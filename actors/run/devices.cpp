#include "actors/run/devices.hpp"

namespace lorafleet::actors {

namespace {

double mean_context(const model::EncodedData& data, const Indices& examples) {
  double sum = 0.0;
  for (const std::uint32_t index : examples)
    sum += static_cast<double>(data.context_tokens(index));
  return examples.empty() ? 0.0 : sum / static_cast<double>(examples.size());
}

double count(const model::EncodedData& /*data*/, const Indices& examples) {
  return static_cast<double>(examples.size());
}

}  // namespace

const Registry<SlowHave>& slow_have() {
  static const Registry<SlowHave> kRegistry(
      "devices.slow_have",
      {{"any", nullptr}, {"long_contexts", mean_context}, {"many_examples", count}});
  return kRegistry;
}

std::shared_ptr<const sim::Fleet> deal_devices(const FederationConfig& config, std::size_t clients,
                                               double train_flops_per_token) {
  return std::make_shared<const sim::Fleet>(config.devices, config.network, clients, config.seed,
                                            train_flops_per_token);
}

std::shared_ptr<const sim::Fleet> deal_devices(const FederationConfig& config,
                                               const model::EncodedData& data,
                                               const std::vector<IndicesPtr>& client_examples,
                                               double train_flops_per_token) {
  auto fleet = std::make_shared<sim::Fleet>(config.devices, config.network, client_examples.size(),
                                            config.seed, train_flops_per_token);
  if (const auto measure = slow_have().at(config.devices.slow_have).measure) {
    std::vector<double> measures;
    for (const auto& examples : client_examples)
      measures.push_back(measure(data, *examples));
    fleet->deal_slow_to_large(measures);
  }
  return fleet;
}

}  // namespace lorafleet::actors
