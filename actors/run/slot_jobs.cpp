#include "actors/run/slot_jobs.hpp"

#include <algorithm>
#include <cstdint>

#include "actors/run/run_options.hpp"
#include "actors/run/trainers/train_kinds.hpp"
#include "model/device/device_memory.hpp"
#include "model/device/device_name.hpp"
#include "model/device/devices.hpp"
#include "model/device/process.hpp"
#include "model/network/device_fit.hpp"
#include "model/network/recompute_choice.hpp"
#include "model/training/batching.hpp"

namespace lorafleet::actors {
namespace {

/// Tokens of an example.
std::int64_t longest_of(const model::EncodedData& data, const Indices& examples) {
  std::int64_t longest = 1;
  for (const std::uint32_t example : examples)
    longest = std::max(longest, static_cast<std::int64_t>(data.length(example)));
  return longest;
}

/// In what clients train on.
std::int64_t longest_of(const Workload& work) {
  std::int64_t longest = 1;
  for (const IndicesPtr& examples : work.client_examples)
    longest = std::max(longest, longest_of(*work.encoded, *examples));
  return longest;
}

/// Most tokens that evaluation scores together; 0: nothing to score.
std::int64_t largest_batch(const FederationConfig& config, const Workload& work) {
  return std::min(model::count_tokens(*work.encoded, work.scored),
                  std::max(config.evaluation.batch_tokens, longest_of(*work.encoded, work.scored)));
}

/// Most tokens of a pass in the clients' first jobs: others differ in the order of examples alone.
std::int64_t largest_pass(const FederationConfig& config, const Workload& work) {
  const model::EncodedData& data = *work.encoded;
  std::int64_t largest = 1;
  for (std::size_t client = 0; client < work.client_examples.size(); ++client) {
    const auto plan = model::plan_batches(data, *work.client_examples[client], config.train,
                                          config.seed, client, 1);
    for (const Indices& step : plan) {
      for (const auto pass : model::split_by_tokens(data, step, config.train.batch_tokens))
        largest = std::max(largest, model::count_tokens(data, pass));
    }
  }
  return largest;
}

/// What a job takes whose passes have so many tokens.
std::optional<model::DeviceFootprint> footprint_of_pass(const FederationConfig& config,
                                                        std::int64_t tokens) {
  model::TrainConfig train = config.train;
  train.batch_tokens = tokens;
  train.batch_size = 0;
  return model::device_footprint(config.model, config.lora, train, 1);
}

/// What needs less memory than a pass that does not fit, where one of `rows` tokens does.
std::string needs_less(const FederationConfig& config, const Workload& work, std::int64_t rows) {
  const std::int64_t longest = longest_of(work);
  std::string text;
  if (rows < longest) {
    text = "its longest example alone, of " + std::to_string(longest) +
           " tokens, may not fit (rows go by the 4096); a narrower model.dtype, "
           "model.quantization, a lower data.max_tokens";
  } else if (config.train.batch_size > 0) {
    text = "train.batch_size = " + std::to_string(rows / longest);
  } else {
    text = "train.batch_tokens = " + std::to_string(rows);
  }
  if (!model::recompute_choices().at(config.train.recompute).value)
    text += " or train.recompute = \"layer\"";
  return text + " needs less";
}

}  // namespace

std::vector<std::string> training_devices(const FederationConfig& config,
                                          std::optional<std::size_t> slots, const Note& warning) {
  if (!has_base(config)) return {"cpu"};
  std::vector<std::string> devices = model::find_devices(config.slots.device);
  const std::size_t all = devices.size();
  const std::size_t most = slots.value_or(config.slots.slots(all));
  if (most >= all) return devices;
  devices.resize(std::max<std::size_t>(1, most));
  if (most > 0) {
    warning("slots.device = \"" + config.slots.device + "\" are " + std::to_string(all) +
            " GPUs, and there are slots for " + std::to_string(most) +
            " of them: the others stand idle");
  }
  return devices;
}

std::vector<std::string> devices_of_run(const FederationConfig& config, const RunOptions& options,
                                        const Note& warning) {
  if (!options.devices.empty()) return options.devices;
  std::optional<std::size_t> slots;
  if (options.head) slots = static_cast<std::size_t>(options.head->own_slots);
  return training_devices(config, slots, warning);
}

SlotJobs slots_for(std::size_t jobs, std::size_t cohort, std::size_t devices) {
  const auto parts = [](std::size_t all, std::size_t of) { return (all + of - 1) / of; };
  jobs = std::max<std::size_t>(1, jobs);
  const std::size_t each = parts(parts(jobs, cohort), devices);
  const std::size_t slots = std::min(jobs, each * devices);
  return {slots, parts(jobs, slots)};
}

std::size_t slots_on(std::size_t place, std::size_t devices, std::size_t slots) {
  return (slots + devices - 1 - place) / devices;
}

void check_base_fits(const FederationConfig& config, const std::vector<std::string>& devices) {
  if (model::is_cpu(devices.front())) return;
  const auto takes = footprint_of_pass(config, 1);
  if (!takes) return;
  for (const std::string& device : devices) {
    const auto free = free_memory_now(device);
    if (free) model::check_base_fits(device, *free, *takes);
  }
}

std::optional<std::int64_t> free_memory_now(const std::string& device) {
  return model::free_memory(device, model::loaded);
}

std::size_t jobs_that_fit(const FederationConfig& config, const Learning& learning,
                          const SlotJobs& wish, bool evaluates, const Note& warning,
                          const FreeMemory& free) {
  const auto& devices = learning.base_devices;
  std::vector<model::SlotsOfGpu> gpus;
  for (std::size_t place = 0; place < std::min(devices.size(), wish.slots); ++place) {
    if (const auto left = free(devices[place]))
      gpus.push_back({devices[place], slots_on(place, devices.size(), wish.slots), *left});
  }
  if (gpus.empty()) return wish.jobs_of_slot;
  const Workload& work = *learning.work;
  const auto takes =
      model::device_footprint(config.model, config.lora, config.train, longest_of(work));
  if (!takes) return wish.jobs_of_slot;
  model::check_job_fits(
      gpus, largest_pass(config, work),
      [&](std::int64_t rows) { return footprint_of_pass(config, rows).value(); },
      [&](std::int64_t rows) { return needs_less(config, work, rows); });
  const std::int64_t scored = largest_batch(config, work);
  if (evaluates && scored > 0) gpus.front().scoring = takes->scoring_bytes(scored);
  return model::jobs_that_fit(gpus, wish.jobs_of_slot, *takes, warning);
}

}  // namespace lorafleet::actors
