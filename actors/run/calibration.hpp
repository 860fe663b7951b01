#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors {

/// How many slots train at a time, with how many intra-op threads, and how many jobs share one.
struct CalibrationSetting {
  std::size_t slots = 1;
  int threads = 1;
  std::size_t jobs_of_slot = 1;
};

/// One job that was trained.
struct JobTime {
  std::size_t slot = 0;
  std::int64_t tokens = 0;
  double seconds = 0.0;  ///< of the slot: from its start to its end, by those that shared the slot
};

/// What the jobs of one setting say about the machine.
struct MeasuredSpeed {
  CalibrationSetting setting;
  std::size_t jobs = 0;
  double tokens_per_second = 0.0;        ///< of one slot: the median over the jobs
  double low = 0.0;                      ///< of one slot: the 10th percentile
  double high = 0.0;                     ///< the 90th
  double total_tokens_per_second = 0.0;  ///< of all slots together
  double sigma = 0.0;                    ///< sample deviation of log(seconds / tokens)
  std::int64_t peak_rss_bytes = 0;       ///< of the process while it was measured; 0: not known
};

/// Percentiles lie between neighbours in proportion (as numpy's default). At least one job; jobs
/// must have tokens and a positive time.
MeasuredSpeed summarise_speed(const CalibrationSetting& setting, const std::vector<JobTime>& jobs);

/// The jitter that all settings share: the square root of their variances' mean, weighted by
/// jobs - 1 of each.
double pooled_sigma(const std::vector<MeasuredSpeed>& speeds);

/// Trains real jobs for `seconds`, and at least two in each slot, after as many in each slot as
/// share it, which are not counted. Slot s takes the jobs s, s + slots, ... of `jobs`, again from
/// the front after the last, with a `seq` of its own each time. Throws what a job throws.
std::vector<JobTime> time_jobs(const model::Trainer& trainer,
                               const std::vector<model::TrainJob>& jobs,
                               const CalibrationSetting& setting, double seconds);

/// Jobs to time, and what trains them.
struct CalibrationWork {
  std::shared_ptr<const model::Trainer> trainer;
  std::vector<model::TrainJob> jobs;
  double train_flops_per_token = 0.0;
  std::int64_t rss_before_base = 0;  ///< of the process, before the base was loaded
  std::size_t devices = 1;           ///< that have a base
};

/// The clients of a scenario, each with its part of the data. The base lies on the devices that a
/// run with these [slots] would train on. Throws InputError.
CalibrationWork scenario_work(const FederationConfig& config,
                              const std::function<void(const std::string&)>& log,
                              const std::function<void(const std::string&)>& warning);

/// `config`'s model, lora and train on made-up tokens, in jobs of about two steps of
/// train.batch_tokens. Lengths are those of the encoded WordNet definitions: a prompt about
/// log-normal with median 90 and sigma 0.5, and a target of 8 to 29 tokens that is scored, at most
/// config.encoding.max_tokens in all. Throws InputError.
CalibrationWork synthetic_work(const FederationConfig& config,
                               const std::function<void(const std::string&)>& warning);

}  // namespace lorafleet::actors
