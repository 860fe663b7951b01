#pragma once

#include <string>
#include <string_view>

#include "partition/partitioner.hpp"
#include "partition/statistics.hpp"

namespace lorafleet::partition {

/// A stand-alone SVG: one stacked bar for each client, coloured by bin, with axes and a legend; one
/// panel for each label skew (a single plain one without). More than 12 bins: the 11 largest and
/// "other". More than 1720 clients: neighbours share a bar, their mean.
std::string to_svg(const Partition& partition, const PartitionStatistics& statistics,
                   std::string_view title);

/// A table for the terminal: quantiles of sizes, Jensen-Shannon distances, and clients x bins for
/// up to 40 clients and 10 bins (the rest is summed up), with a short bar for each client's size.
std::string to_text(const Partition& partition, const PartitionStatistics& statistics);

}  // namespace lorafleet::partition
