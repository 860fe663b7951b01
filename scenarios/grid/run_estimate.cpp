#include "scenarios/grid/run_estimate.hpp"

#include <algorithm>
#include <memory>

#include "actors/run/calibration.hpp"
#include "actors/run/dry_run.hpp"

namespace lorafleet::scenarios {

namespace {

/// Forward against forward and backward, whose base is frozen.
constexpr double kReading = 0.5;
/// Of a run beside its tokens: actors, files.
constexpr double kBeside = 0.3;

double tokens_of(const model::EncodedData& data, const Indices& examples) {
  double sum = 0.0;
  for (const std::uint32_t index : examples)
    sum += static_cast<double>(data.length(index));
  return sum;
}

/// Local evaluation: three or four scores a client, and its own training.
void add_local(const actors::FederationConfig& config, const actors::Learning& learning,
               RunWork& work) {
  const actors::Workload& data = *learning.work;
  const auto& evaluation = config.evaluation;
  std::int64_t clients = 0;
  for (std::uint32_t client = 0; client < data.local_test.size(); ++client) {
    const auto& test = data.local_test[client];
    if (test.empty()) continue;
    if (evaluation.local_clients > 0 && clients == evaluation.local_clients) break;
    ++clients;
    const double scores = evaluation.local_alone_jobs > 0 ? 4.0 : 3.0;
    work.score_tokens += scores * tokens_of(*data.encoded, test);
    const auto job = learning.federation.sizer({{client}, {1}});
    work.train_tokens +=
        static_cast<double>(job.tokens) * (1.0 + static_cast<double>(evaluation.local_alone_jobs));
  }
}

}  // namespace

RunWork work_of(const actors::FederationConfig& config, const actors::Learning& learning) {
  const actors::Schedule schedule =
      actors::simulate_schedule(config, learning, [](const std::string&) {});
  RunWork work;
  work.jobs = schedule.totals.jobs;
  if (!learning.work) return work;
  work.train_tokens = static_cast<double>(schedule.totals.train_tokens);
  const auto every = config.evaluation.every_versions;
  const auto versions = static_cast<std::int64_t>(schedule.totals.versions);
  const std::int64_t between = every > 0 && versions > 0 ? (versions - 1) / every : 0;
  work.score_tokens =
      static_cast<double>(between + 2) * tokens_of(*learning.work->encoded, learning.work->scored);
  add_local(config, learning, work);
  return work;
}

double measure_speed(const actors::FederationConfig& config, const actors::Learning& learning,
                     double seconds) {
  constexpr std::size_t kExamples = 16;
  std::vector<model::TrainJob> jobs;
  for (std::size_t client = 0; client < learning.clients(); ++client) {
    const Indices& all = *learning.client_examples[client];
    if (all.empty()) continue;
    model::TrainJob job;
    job.client = static_cast<std::uint32_t>(client);
    job.run_seed = config.seed;
    job.start = learning.federation.initial;
    job.examples = std::make_shared<const Indices>(
        all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kExamples)));
    jobs.push_back(std::move(job));
  }
  const actors::CalibrationSetting setting{config.slots.slots(learning.bases.size()),
                                           static_cast<int>(config.slots.threads),
                                           config.slots.jobs_of_slot()};
  return actors::summarise_speed(setting,
                                 actors::time_jobs(*learning.honest, jobs, setting, seconds))
      .total_tokens_per_second;
}

double estimated_seconds(const RunWork& work, double tokens_per_second) {
  return kBeside + (work.train_tokens + kReading * work.score_tokens) / tokens_per_second;
}

}  // namespace lorafleet::scenarios
