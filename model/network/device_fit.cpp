#include "model/network/device_fit.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

std::string size_text(std::int64_t bytes) {
  char text[32];
  const auto value = static_cast<double>(bytes);
  bytes < 1'000'000'000 ? std::snprintf(text, sizeof text, "%.0f MB", value * 1e-6)
                        : std::snprintf(text, sizeof text, "%.1f GB", value * 1e-9);
  return text;
}

std::string counted(std::size_t count, const std::string& name) {
  return std::to_string(count) + " " + name + (count == 1 ? "" : "s");
}

/// Of a slot that trains so many jobs.
std::int64_t taken(const DeviceFootprint& takes, std::size_t jobs) {
  const auto own = static_cast<std::int64_t>(jobs);
  return own * takes.adapter_bytes + takes.pass_bytes(own);
}

std::int64_t taken(const SlotsOfGpu& gpu, const DeviceFootprint& takes, std::size_t jobs) {
  return static_cast<std::int64_t>(gpu.slots) * taken(takes, jobs);
}

bool fits(const SlotsOfGpu& gpu, const DeviceFootprint& takes, std::size_t jobs) {
  return taken(gpu, takes, jobs) + gpu.scoring <= gpu.free;
}

std::string room(const SlotsOfGpu& gpu, const DeviceFootprint& takes) {
  return gpu.device + " has " + size_text(gpu.free) + " left beside a base of " +
         size_text(takes.base_bytes);
}

}  // namespace

std::size_t jobs_that_fit(const std::vector<SlotsOfGpu>& gpus, std::size_t wished,
                          const DeviceFootprint& takes,
                          const std::function<void(const std::string&)>& warning) {
  std::size_t jobs = wished;
  const SlotsOfGpu* least = nullptr;
  bool too_much = false;
  for (const SlotsOfGpu& gpu : gpus) {
    std::size_t own = jobs;
    while (own > 1 && !fits(gpu, takes, own))
      --own;
    const bool own_too_much = !fits(gpu, takes, own);
    if (own == jobs && (too_much || !own_too_much)) continue;
    jobs = own;
    least = &gpu;
    too_much = own_too_much;
  }
  if (least == nullptr) return jobs;
  const auto needs = [&](std::size_t of_slot) {
    return counted(least->slots, "slot") + " of " + counted(of_slot, "job") + " of up to " +
           std::to_string(takes.rows) + " tokens a pass would take about " +
           size_text(taken(*least, takes, of_slot)) +
           (least->scoring > 0 ? ", and evaluation " + size_text(least->scoring) : "");
  };
  if (too_much) {
    warning(room(*least, takes) + "; " + needs(jobs) +
            ", and memory may run out: train.recompute = \"layer\", a " +
            "lower train.batch_tokens" + (least->scoring > 0 ? ", evaluation.batch_tokens" : "") +
            " or slots.count needs less");
  } else {
    warning(room(*least, takes) + "; " + needs(wished) + ": each slot trains " +
            counted(jobs, "job") + " at a time, with the same results");
  }
  return jobs;
}

std::size_t jobs_in(std::int64_t bytes, std::int64_t scoring, std::size_t most,
                    const DeviceFootprint& takes) {
  const SlotsOfGpu gpu{"", 1, bytes - takes.base_bytes, scoring};
  std::size_t jobs = 0;
  while (jobs < most && fits(gpu, takes, jobs + 1))
    ++jobs;
  return jobs;
}

std::int64_t rows_that_fit(const std::vector<SlotsOfGpu>& gpus, std::int64_t most,
                           const FootprintOfRows& takes) {
  std::int64_t free = std::numeric_limits<std::int64_t>::max();
  for (const SlotsOfGpu& gpu : gpus)
    free = std::min(free, gpu.free);
  std::int64_t fit = 0;
  for (std::int64_t too_many = most + 1; fit + 1 < too_many;) {
    const std::int64_t rows = fit + (too_many - fit) / 2;
    (taken(takes(rows), 1) <= free ? fit : too_many) = rows;
  }
  return fit;
}

void check_job_fits(const std::vector<SlotsOfGpu>& gpus, std::int64_t rows,
                    const FootprintOfRows& takes,
                    const std::function<std::string(std::int64_t rows)>& advice) {
  const DeviceFootprint own = takes(rows);
  const std::int64_t needs = taken(own, 1);
  for (const SlotsOfGpu& gpu : gpus) {
    if (needs / 7 * 6 <= gpu.free) continue;  // within a sixth: device_activation_bytes
    throw InputError("train.batch_tokens", room(gpu, own) + "; one job with a pass of " +
                                               std::to_string(rows) + " tokens takes about " +
                                               size_text(needs) + ": " +
                                               advice(rows_that_fit(gpus, rows, takes)));
  }
}

void check_base_fits(const std::string& device, std::int64_t free, const DeviceFootprint& takes) {
  if (takes.base_bytes <= free) return;
  throw InputError("slots.device", device + " has " + size_text(free) +
                                       " left, and the base takes " + size_text(takes.base_bytes) +
                                       ": a narrower model.dtype or model.quantization needs less");
}

}  // namespace lorafleet::model
