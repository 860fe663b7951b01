#include "actors/run/calibration.hpp"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cmath>
#include <exception>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "actors/run/slot_jobs.hpp"
#include "actors/run/workload.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/adapter/starting_adapter.hpp"
#include "model/device/process.hpp"
#include "model/network/base_model.hpp"
#include "model/network/flops.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/quantiles.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::actors {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSyntheticJobs = 16;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::int32_t> random_tokens(const model::ModelShape& shape, std::size_t length,
                                        Random& random) {
  std::vector<std::int32_t> tokens(length);
  for (auto& token : tokens) {
    token = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
  }
  return tokens;
}

/// Adds made-up examples until they have `tokens` tokens.
IndicesPtr add_examples(const model::ModelShape& shape, std::int64_t max_tokens,
                        std::int64_t tokens, Random& random, model::EncodedData& data) {
  const std::int64_t longest = std::min(max_tokens, shape.positions);
  auto indices = std::make_shared<Indices>();
  for (std::int64_t added = 0; added < tokens;) {
    const auto target = std::min<std::int64_t>(8 + static_cast<std::int64_t>(random.below(22)),
                                               std::max<std::int64_t>(1, longest / 2));
    const double prompt = std::min(1e6, std::exp(4.5 + 0.5 * random.normal()));
    const std::int64_t length =
        std::min(longest, std::max<std::int64_t>(1, std::llround(prompt)) + target);
    const auto label_start = static_cast<std::size_t>(length - target);
    indices->push_back(static_cast<std::uint32_t>(data.size()));
    const auto tokens = random_tokens(shape, static_cast<std::size_t>(length), random);
    if (shape.classifier) {
      const auto classes = static_cast<std::uint64_t>(shape.classifier->labels);
      data.add_class(tokens, static_cast<std::int32_t>(random.below(classes)), tokens.size());
    } else {
      data.add(tokens, label_start, label_start);
    }
    added += length;
  }
  return indices;
}

/// What both kinds of work have in common: everything but the jobs.
CalibrationWork make_work(const FederationConfig& config,
                          const std::vector<model::BaseModelPtr>& bases,
                          const std::shared_ptr<const model::EncodedData>& data,
                          const Note& warning) {
  CalibrationWork work;
  work.devices = bases.size();
  work.train_flops_per_token = model::train_flops_per_token(bases.front()->shape());
  work.trainer = model::make_lora_trainer(bases, data, config.lora, config.train, {}, warning);
  return work;
}

std::vector<model::BaseModelPtr> bases_to_time(const FederationConfig& config,
                                               const Note& warning) {
  const auto devices = training_devices(config, std::nullopt, warning);
  check_base_fits(config, devices);
  return model::load_bases(config.model, devices);
}

model::TrainJob make_job(const FederationConfig& config, std::size_t client,
                         model::AdapterPtr start, IndicesPtr examples) {
  model::TrainJob job;
  job.client = static_cast<std::uint32_t>(client);
  job.run_seed = config.seed;
  job.start = std::move(start);
  job.examples = std::move(examples);
  return job;
}

model::AdapterPtr first_adapter(const FederationConfig& config, const model::ModelShape& shape,
                                const std::function<void(const std::string&)>& warning = {}) {
  return std::make_shared<const model::Adapter>(
      model::starting_adapter(model::make_layout(shape, config.lora), shape, config.lora,
                              config.model.path, config.seed, warning));
}

}  // namespace

MeasuredSpeed summarise_speed(const CalibrationSetting& setting, const std::vector<JobTime>& jobs) {
  MeasuredSpeed result;
  result.setting = setting;
  result.jobs = jobs.size();
  std::vector<double> speeds;
  std::vector<std::pair<double, double>> of_slot(setting.slots);  // tokens, seconds
  double mean = 0.0;
  for (const JobTime& job : jobs) {
    speeds.push_back(static_cast<double>(job.tokens) / job.seconds);
    of_slot[job.slot].first += static_cast<double>(job.tokens);
    of_slot[job.slot].second += job.seconds;
    mean += std::log(speeds.back()) / static_cast<double>(jobs.size());
  }
  for (const auto& [tokens, seconds] : of_slot) {
    if (seconds > 0.0) result.total_tokens_per_second += tokens / seconds;
  }
  if (jobs.size() > 1) {
    double squares = 0.0;
    for (const double speed : speeds)
      squares += (std::log(speed) - mean) * (std::log(speed) - mean);
    result.sigma = std::sqrt(squares / static_cast<double>(jobs.size() - 1));
  }
  std::sort(speeds.begin(), speeds.end());
  result.tokens_per_second = quantile(speeds, 0.5);
  result.low = quantile(speeds, 0.1);
  result.high = quantile(speeds, 0.9);
  return result;
}

double pooled_sigma(const std::vector<MeasuredSpeed>& speeds) {
  double squares = 0.0;
  double weights = 0.0;
  for (const MeasuredSpeed& speed : speeds) {
    const double weight = static_cast<double>(std::max<std::size_t>(1, speed.jobs) - 1);
    squares += weight * speed.sigma * speed.sigma;
    weights += weight;
  }
  return weights > 0.0 ? std::sqrt(squares / weights) : 0.0;
}

namespace {

/// A slot that is kept busy: as many jobs as share it are under way, and one that ends is followed
/// by the next.
class TimedSlot {
 public:
  TimedSlot(const model::Trainer& trainer, const std::vector<model::TrainJob>& jobs,
            const CalibrationSetting& setting, std::size_t slot)
      : cohort_(trainer.cohort(slot)), jobs_(jobs), setting_(setting), slot_(slot) {
    while (began_.size() < setting.jobs_of_slot)
      add();
  }

  /// Jobs that ended in the next pass.
  std::vector<JobTime> advance() {
    std::vector<JobTime> times;
    for (const model::Cohort::Ended& ended : cohort_->advance()) {
      if (ended.failure) std::rethrow_exception(ended.failure);
      const double seconds = seconds_since(began_.extract(ended.ticket).mapped());
      times.push_back(
          {slot_, ended.result.stats.tokens, seconds / static_cast<double>(setting_.jobs_of_slot)});
      add();
    }
    return times;
  }

 private:
  void add() {
    const std::uint64_t place = slot_ + turn_++ * setting_.slots;
    model::TrainJob job = jobs_[place % jobs_.size()];
    job.seq = place;
    began_[place] = Clock::now();
    cohort_->add(place, job);
  }

  std::unique_ptr<model::Cohort> cohort_;
  const std::vector<model::TrainJob>& jobs_;
  const CalibrationSetting& setting_;
  std::size_t slot_;
  std::uint64_t turn_ = 0;
  std::map<std::uint64_t, Clock::time_point> began_;
};

}  // namespace

std::vector<JobTime> time_jobs(const model::Trainer& trainer,
                               const std::vector<model::TrainJob>& jobs,
                               const CalibrationSetting& setting, double seconds) {
  constexpr std::size_t kLeast = 2;
  std::vector<std::vector<JobTime>> times(setting.slots);
  std::vector<std::exception_ptr> failures(setting.slots);
  std::barrier start(static_cast<std::ptrdiff_t>(setting.slots));

  const auto run_slot = [&](std::size_t slot) {
    model::configure_thread(setting.threads);
    std::optional<TimedSlot> timed;
    try {
      timed.emplace(trainer, jobs, setting, slot);
      for (std::size_t ended = 0; ended < setting.jobs_of_slot;)
        ended += timed->advance().size();
    } catch (...) {
      failures[slot] = std::current_exception();
    }
    start.arrive_and_wait();
    const auto began = Clock::now();
    try {
      while (!failures[slot] && (seconds_since(began) < seconds || times[slot].size() < kLeast)) {
        const auto ended = timed->advance();
        times[slot].insert(times[slot].end(), ended.begin(), ended.end());
      }
    } catch (...) {
      failures[slot] = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t slot = 0; slot < setting.slots; ++slot)
    threads.emplace_back(run_slot, slot);
  for (auto& thread : threads)
    thread.join();
  std::vector<JobTime> all;
  for (std::size_t slot = 0; slot < setting.slots; ++slot) {
    if (failures[slot]) std::rethrow_exception(failures[slot]);
    all.insert(all.end(), times[slot].begin(), times[slot].end());
  }
  return all;
}

CalibrationWork scenario_work(const FederationConfig& config,
                              const std::function<void(const std::string&)>& log,
                              const std::function<void(const std::string&)>& warning) {
  const Workload data = prepare_workload(config, log, warning);
  const std::int64_t before = model::rss_bytes();
  const auto bases = bases_to_time(config, warning);
  CalibrationWork work = make_work(config, bases, data.encoded, warning);
  work.rss_before_base = before;
  const auto start = first_adapter(config, bases.front()->shape(), warning);
  for (std::size_t client = 0; client < data.client_examples.size(); ++client) {
    auto job = make_job(config, client, start, data.client_examples[client]);
    if (work.trainer->size(job).tokens > 0) work.jobs.push_back(std::move(job));
  }
  if (work.jobs.empty()) {
    throw InputError("train",
                     "no client has anything to train on; train.epochs or train.steps "
                     "must be at least 1, and clients must have examples");
  }
  return work;
}

CalibrationWork synthetic_work(const FederationConfig& config, const Note& warning) {
  const std::int64_t before = model::rss_bytes();
  const auto bases = bases_to_time(config, warning);
  const model::ModelShape& shape = bases.front()->shape();
  auto data = std::make_shared<model::EncodedData>();
  Random random(config.seed, Purpose::sample);
  std::vector<IndicesPtr> parts;
  for (std::size_t i = 0; i < kSyntheticJobs; ++i) {
    parts.push_back(add_examples(shape, config.encoding.max_tokens, 2 * config.train.batch_tokens,
                                 random, *data));
  }
  CalibrationWork work = make_work(config, bases, data, warning);
  work.rss_before_base = before;
  const auto start = first_adapter(config, shape);
  for (std::size_t i = 0; i < parts.size(); ++i)
    work.jobs.push_back(make_job(config, i, start, parts[i]));
  return work;
}

}  // namespace lorafleet::actors
