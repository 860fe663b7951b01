#include <algorithm>
#include <array>
#include <cstdio>

#include "partition/picture/legend.hpp"
#include "partition/picture/picture.hpp"
#include "partition/support/formatted.hpp"
#include "partition/support/printable.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

constexpr std::size_t kMostClients = 40;
constexpr std::size_t kMostColumns = 10;
constexpr std::size_t kLongestBinName = 14;
constexpr std::size_t kLongestOwner = 60;
constexpr std::size_t kBarWidth = 20;

/// Near enough to columns of the terminal.
std::size_t width_of(std::string_view text) {
  return count_code_points(text);
}

std::string right(const std::string& text, std::size_t width) {
  const std::size_t used = width_of(text);
  return std::string(width > used ? width - used : 0, ' ') + text;
}

std::string bar(std::size_t size, double largest) {
  const double share = static_cast<double>(size) / largest;
  const auto length = static_cast<std::size_t>(share * static_cast<double>(kBarWidth) + 0.5);
  return std::string(std::max<std::size_t>(length, size > 0 ? 1 : 0), '#');
}

std::string table_of(const SkewStatistics& skew, const PartitionStatistics& statistics) {
  const LegendTable folded = fold_bins(skew, kMostColumns);
  std::string text = "\n" + skew_title(skew) + ": examples by client and bin\n" +
                     right("client", 8) + right("size", 8) + right("JS", 8);
  std::vector<std::size_t> widths;
  for (const auto& bin : folded.bins) {
    const std::string name = short_name(bin, kLongestBinName);
    widths.push_back(std::max<std::size_t>(width_of(name), 5) + 2);
    text += right(name, widths.back());
  }
  text += "\n";
  for (std::size_t c = 0; c < std::min(folded.rows.size(), kMostClients); ++c) {
    std::size_t size = 0;
    std::string cells;
    for (std::size_t bin = 0; bin < folded.bins.size(); ++bin) {
      const std::size_t count = folded.rows[c][bin];
      size += count;
      cells += right(count == 0 ? "." : std::to_string(count), widths[bin]);
    }
    text += right(std::to_string(c), 8) + right(std::to_string(size), 8) +
            right(formatted("%.3f", skew.js_distance[c]), 8) + cells + "  " +
            bar(size, statistics.sizes.max) + "\n";
  }
  if (folded.rows.size() > kMostClients) {
    text += "     ... and " + std::to_string(folded.rows.size() - kMostClients) +
            " more clients (all of them are in the manifest)\n";
  }
  return text;
}

std::string sizes_table(const Partition& partition, const PartitionStatistics& statistics) {
  std::string text = "\n" + right("client", 8) + right("size", 8) + "\n";
  for (std::size_t c = 0; c < std::min(partition.clients.size(), kMostClients); ++c) {
    text += right(std::to_string(c), 8) + right(std::to_string(partition.clients[c].size()), 8) +
            "  " + bar(partition.clients[c].size(), statistics.sizes.max);
    if (!partition.names.empty()) text += "  " + short_name(partition.names[c], kLongestOwner);
    text += "\n";
  }
  if (partition.clients.size() > kMostClients) {
    text += "     ... and " + std::to_string(partition.clients.size() - kMostClients) +
            " more clients (all of them are in the manifest)\n";
  }
  return text;
}

}  // namespace

std::string to_text(const Partition& partition, const PartitionStatistics& statistics) {
  const auto& sizes = statistics.sizes;
  std::string text = formatted("%zu examples over %zu clients\n", partition.training.size(),
                               partition.clients.size());
  text += formatted("sizes   min %.6g, p25 %.6g, median %.6g, p75 %.6g, max %.6g, Gini %.3f\n",
                    sizes.min, sizes.p25, sizes.p50, sizes.p75, sizes.max, statistics.gini);
  for (const auto& skew : statistics.skews) {
    text += skew_title(skew) + formatted(
                                   ": Jensen-Shannon distance to the pooled data, mean %.3f (iid "
                                   "with these sizes: %.3f), max %.3f\n",
                                   skew.js_mean, skew.js_mean_iid, skew.js_max);
  }
  for (const auto& note : partition.notes) {
    text += "note: " + note + "\n";
  }
  for (const auto& skew : statistics.skews) {
    text += table_of(skew, statistics);
  }
  if (statistics.skews.empty()) text += sizes_table(partition, statistics);
  return text;
}

}  // namespace lorafleet::partition
