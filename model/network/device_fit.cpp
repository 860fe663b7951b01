#include "model/network/device_fit.hpp"

#include <cstdio>

namespace lorafleet::model {
namespace {

std::string gigabytes(std::int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) * 1e-9);
  return text;
}

std::string counted(std::size_t count, const std::string& name) {
  return std::to_string(count) + " " + name + (count == 1 ? "" : "s");
}

}  // namespace

std::size_t jobs_that_fit(const SlotWish& wish, const DeviceFootprint& takes, std::int64_t free,
                          const std::function<void(const std::string&)>& warning) {
  const auto taken = [&](std::size_t jobs) {
    const auto own = static_cast<std::int64_t>(jobs);
    return static_cast<std::int64_t>(wish.slots) *
           (own * takes.adapter_bytes + takes.pass_bytes(own));
  };
  std::size_t jobs = wish.jobs_of_slot;
  while (jobs > 1 && taken(jobs) > free)
    --jobs;
  const std::string there = wish.device + " has " + gigabytes(free) + " left beside a base of " +
                            gigabytes(takes.base_bytes);
  const auto needs = [&](std::size_t of_slot) {
    return counted(wish.slots, "slot") + " of " + counted(of_slot, "job") + " of up to " +
           std::to_string(takes.rows) + " tokens a pass would take about " +
           gigabytes(taken(of_slot));
  };
  if (taken(jobs) > free) {
    warning(there + "; " + needs(jobs) +
            ", and memory may run out: train.recompute = \"layer\", a " +
            "lower train.batch_tokens or slots.count needs less");
  } else if (jobs < wish.jobs_of_slot) {
    warning(there + "; " + needs(wish.jobs_of_slot) + ": each slot trains " + counted(jobs, "job") +
            " at a time, with the same results");
  }
  return jobs;
}

}  // namespace lorafleet::model
