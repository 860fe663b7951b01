#include "tools/terminal/footprint_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "model/device/device_name.hpp"
#include "model/network/device_fit.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {
namespace {

constexpr std::size_t kMostJobs = 1024;  // as slots.cohort
constexpr std::int64_t kGigabyte = 1'000'000'000;

std::string size_text(std::int64_t bytes) {
  return figure(static_cast<double>(bytes) / 1e6) + " MB";
}

std::string base_text(const model::ModelConfig& base, const model::Footprint& takes, bool on_cpu) {
  return base.path.filename().string() + ": " + grouped(takes.parameters) + " parameters, " +
         size_text(takes.base_bytes) + " in " + format_text(base) +
         (on_cpu && takes.packed_bytes > 0
              ? " and " + size_text(takes.packed_bytes) + " as products read it"
              : "") +
         "; " + figure(takes.train_flops_per_token * 1e-6) + " MFLOP to train a token; ";
}

std::string slot_text(const model::Footprint& takes) {
  return "each slot takes " + size_text(takes.adapter_bytes) + " to train an adapter of " +
         grouped(takes.adapter_values) + " parameters, and about " +
         size_text(takes.activation_bytes) + " for the activations of " + grouped(takes.rows) +
         " tokens" +
         (takes.dense_bytes > 0
              ? ", and " + size_text(takes.dense_bytes) + " for a layer as numbers"
              : "");
}

std::string gpu_text(const model::Footprint& takes, const model::DeviceFootprint& on_gpu,
                     std::size_t cohort, std::int64_t scoring) {
  // Small passes take room for so many rows however few they have.
  const bool share = on_gpu.pass_bytes(kMostJobs) > on_gpu.pass_bytes(1);
  const std::size_t jobs = share ? cohort : 1;
  return "on a GPU each job takes " + size_text(on_gpu.adapter_bytes) + " to train an adapter of " +
         grouped(takes.adapter_values) + " parameters, and a pass of " + std::to_string(jobs) +
         (jobs == 1 ? " job" : " jobs") + " of up to " + grouped(on_gpu.rows) + " tokens about " +
         size_text(on_gpu.pass_bytes(static_cast<std::int64_t>(jobs))) +
         ", beside evaluation with " + size_text(scoring);
}

/// "a GPU of 24 GB has room for …".
std::string room_text(const model::DeviceFootprint& on_gpu, std::int64_t scoring) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : {24, 40, 80}) {
    const std::size_t jobs = model::jobs_in(size * kGigabyte, scoring, kMostJobs, on_gpu);
    sizes.push_back((jobs == 0 ? "none" : std::to_string(jobs)) +
                    (jobs == kMostJobs ? " or more" : "") + " on a GPU of " + std::to_string(size) +
                    " GB");
  }
  return "by this estimate a slot can train so many of these jobs side by side: " + join(sizes);
}

}  // namespace

std::string format_text(const model::ModelConfig& base) {
  return (base.quantization == "none" ? "" : base.quantization + " and ") + base.dtype;
}

std::vector<std::string> footprint_lines(const actors::FederationConfig& config) {
  const auto takes = footprint_of(config);
  if (!takes) return {};
  const bool on_cpu = model::is_cpu(config.slots.device);
  const std::string base = base_text(config.model, *takes, on_cpu);
  if (on_cpu) return {base + slot_text(*takes)};
  const auto on_gpu =
      model::device_footprint(config.model, config.lora, config.train, config.encoding.max_tokens);
  const std::int64_t scoring =
      on_gpu->scoring_bytes(std::max(config.evaluation.batch_tokens, config.encoding.max_tokens));
  return {base + gpu_text(*takes, *on_gpu, config.slots.jobs_of_slot(), scoring),
          room_text(*on_gpu, scoring)};
}

}  // namespace lorafleet::tools
