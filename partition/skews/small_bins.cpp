#include "partition/skews/small_bins.hpp"

#include <numeric>

namespace lorafleet::partition {

DealtBins merge_small_bins(const Bins& bins, std::size_t clients, const SmallBinLimits& limits) {
  DealtBins dealt{.bins = bins, .drawn = std::vector<std::uint32_t>(bins.names.size()), .note = {}};
  std::iota(dealt.drawn.begin(), dealt.drawn.end(), 0U);
  if (bins.names.size() * clients <= limits.shares) return dealt;

  std::vector<std::size_t> counts(bins.names.size());
  for (const std::uint32_t bin : bins.bin_of)
    ++counts[bin];
  std::vector<std::uint32_t> bin_for(counts.size(), DealtBins::kEven);
  dealt.drawn.clear();
  dealt.bins.names.clear();
  for (std::uint32_t bin = 0; bin < counts.size(); ++bin) {
    if (counts[bin] <= limits.examples) continue;
    bin_for[bin] = static_cast<std::uint32_t>(dealt.drawn.size());
    dealt.drawn.push_back(bin);
    dealt.bins.names.push_back(bins.names[bin]);
  }
  const std::size_t small = counts.size() - dealt.drawn.size();
  if (small == 0) return dealt;

  const auto merged = static_cast<std::uint32_t>(dealt.drawn.size());
  dealt.drawn.push_back(DealtBins::kEven);
  dealt.bins.names.emplace_back("(small)");
  for (std::uint32_t& bin : dealt.bins.bin_of)
    bin = bin_for[bin] == DealtBins::kEven ? merged : bin_for[bin];
  dealt.note = skew_name(bins.by, bins.measure) + ": " + std::to_string(small) + " of " +
               std::to_string(counts.size()) + " bins have at most " +
               std::to_string(limits.examples) +
               " training examples; these are dealt as if iid, since to draw shares of " +
               std::to_string(clients) + " clients for each would take too long";
  return dealt;
}

}  // namespace lorafleet::partition
