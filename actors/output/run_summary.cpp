#include "actors/output/run_summary.hpp"

#include "actors/coordinator/run_status.hpp"
#include "actors/run/environment.hpp"
#include "actors/run/trainers/train_kinds.hpp"
#include "model/device/process.hpp"

namespace lorafleet::actors {

namespace {

std::string status_of(const std::string& stop_reason) {
  const bool completed = stop_reason != kRunInterrupted && stop_reason != kRunWithoutProgress;
  return completed ? kRunCompleted : stop_reason;
}

}  // namespace

std::vector<ClientFacts> client_facts(const Learning& learning) {
  std::vector<ClientFacts> facts;
  facts.reserve(learning.clients());
  for (std::size_t i = 0; i < learning.clients(); ++i) {
    const auto& device = learning.devices->profile({static_cast<std::uint32_t>(i)});
    facts.push_back({learning.devices->tier_names()[device.tier], device.tokens_per_second,
                     device.download_mbps, device.upload_mbps, learning.rank(i),
                     learning.examples(i)});
  }
  return facts;
}

RunSummary summarise(const FederationConfig& config, const Learning& learning,
                     const RunRecorder& recorder, const model::Adapter& adapter,
                     const RunTotals& totals, const SlotJobs& slots) {
  RunSummary summary;
  summary.name = config.name;
  summary.seed = config.seed;
  summary.status = status_of(totals.stop_reason);
  summary.adapter_sha256 = model::sha256(adapter);
  summary.events_sha256 = recorder.events_sha256();
  summary.totals = totals;
  summary.clients = static_cast<std::int64_t>(learning.clients());
  if (learning.work) {
    summary.train_examples = static_cast<std::int64_t>(learning.work->partition.training.size());
    summary.test_examples = static_cast<std::int64_t>(learning.work->scored.size());
    summary.classes = learning.work->classes;
    summary.encoding = learning.work->encoding;
  } else {
    for (std::size_t c = 0; c < learning.clients(); ++c)
      summary.train_examples += learning.examples(c);
  }
  summary.wall_seconds = recorder.wall_seconds();
  summary.peak_rss_bytes = model::peak_rss_bytes();
  summary.initial = recorder.initial();
  summary.final = recorder.latest();
  std::vector<double> speeds;
  for (const ClientFacts& client : recorder.clients().facts())
    speeds.push_back(client.tokens_per_second);
  summary.slow_half = slow_half(speeds);
  summary.participation = participation(recorder.clients().updates(), summary.slow_half);
  summary.target_perplexity = config.evaluation.target_perplexity > 0.0
                                  ? config.evaluation.target_perplexity
                                  : config.stop.target_perplexity;
  if (summary.target_perplexity > 0.0)
    summary.to_target = recorder.reached(summary.target_perplexity);
  if (has_base(config)) summary.model = config.model;
  summary.environment = environment_of(config.slots, learning.bases.size(), slots);
  return summary;
}

}  // namespace lorafleet::actors
