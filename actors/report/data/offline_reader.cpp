#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "actors/report/data/run_data.hpp"
#include "actors/report/data/table_reader.hpp"

namespace lorafleet::report {

void read_offline(const std::filesystem::path& file, Events& events) {
  constexpr std::size_t kMost = 4000;
  std::unordered_map<std::uint64_t, std::size_t> row_of;
  for (std::size_t row = 0; row < events.shown.size(); ++row)
    row_of[events.shown[row]] = row;
  auto& spans = events.offline;
  for_each_row(file, [&](const TableRow& row) {
    const double client = row.number("client");
    const auto found =
        client >= 0.0 ? row_of.find(static_cast<std::uint64_t>(client)) : row_of.end();
    if (found == row_of.end()) return;
    const double start = row.number("start_seconds");
    const double end = std::min(row.number("end_seconds"), events.bars_until);
    if (end > start) spans.push_back({found->second, start, end});  // no end: nothing is known
  });
  if (spans.size() <= kMost) return;
  std::vector<double> lengths;
  for (const OfflineBar& span : spans)
    lengths.push_back(span.end - span.start);
  std::nth_element(lengths.begin(), lengths.end() - kMost, lengths.end());
  events.shortest_offline = lengths[lengths.size() - kMost];
  std::erase_if(spans, [&](const OfflineBar& span) {
    return span.end - span.start < events.shortest_offline;
  });
  spans.resize(std::min(spans.size(), kMost));
}

}  // namespace lorafleet::report
