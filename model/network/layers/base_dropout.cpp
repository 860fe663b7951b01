#include "model/network/layers/base_dropout.hpp"

#include <cmath>

#include "model/network/layers/drop_entries.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

/// Exact to 2^-32.
std::uint64_t threshold(double keep) {
  return static_cast<std::uint64_t>(std::llround(keep * 0x1p32));
}

std::uint64_t place(DropoutSite site, std::int64_t layer, std::int64_t head) {
  return static_cast<std::uint64_t>(site) | static_cast<std::uint64_t>(layer) << 8 |
         static_cast<std::uint64_t>(head) << 32;
}

}  // namespace

BaseDropout BaseDropout::at_step(std::uint64_t step) const {
  BaseDropout result = *this;
  result.step_ = step;
  return result;
}

BaseDropout BaseDropout::from_sequence(std::uint64_t first) const {
  BaseDropout result = *this;
  result.first_sequence_ = first;
  return result;
}

double BaseDropout::probability(DropoutSite site) const {
  if (site == DropoutSite::layer) return rates_.layer;
  if (site == DropoutSite::embedding) return rates_.embedding;
  if (site == DropoutSite::classifier_in || site == DropoutSite::classifier_out) {
    return rates_.classifier;
  }
  return site == DropoutSite::attention_weights ? rates_.attention : rates_.hidden;
}

bool BaseDropout::skips(std::int64_t layer) const {
  if (rates_.layer == 0.0) return false;
  const auto bits = philox4x64({0, place(DropoutSite::layer, layer, 0), 0, 0}, {key_, step_});
  return (bits[0] & 0xffffffffu) >= threshold(1.0 - rates_.layer);
}

void BaseDropout::apply(std::span<float> values, DropoutSite site, std::int64_t layer,
                        std::int64_t head, std::int64_t sequence, std::int64_t row) const {
  const std::uint64_t in_step = first_sequence_ + static_cast<std::uint64_t>(sequence);
  const auto bits = philox4x64(
      {1, place(site, layer, head), in_step, static_cast<std::uint64_t>(row)}, {key_, step_});
  drop_entries(values, {bits[0], bits[1]}, probability(site));
}

BatchDropout::BatchDropout(const BaseDropout& dropout, const std::vector<std::int64_t>& offsets) {
  add(dropout, offsets);
}

void BatchDropout::add(const BaseDropout& dropout, const std::vector<std::int64_t>& offsets) {
  jobs.push_back(dropout);
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    for (std::int64_t row = offsets[i]; row < offsets[i + 1]; ++row) {
      rows.push_back({jobs.size() - 1, static_cast<std::int64_t>(i), row - offsets[i]});
    }
  }
}

BatchDropout BatchDropout::only(const std::vector<std::int64_t>& wanted) const {
  BatchDropout result;
  result.jobs = jobs;
  for (const std::int64_t row : wanted) {
    result.rows.push_back(rows[static_cast<std::size_t>(row)]);
  }
  return result;
}

}  // namespace lorafleet::model
