#include "actors/sim/device_file.hpp"

#include <limits>

#include "actors/sim/time/durations.hpp"
#include "actors/sim/typed_rows.hpp"
#include "model/config.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::sim {

namespace {

constexpr double kAny = std::numeric_limits<double>::max();

const KnownColumns& columns() {
  static const KnownColumns kColumns = {
      {"tier", "tokens_per_second", "teraflops", "download_mbps", "upload_mbps", "latency_seconds",
       "rank", "watts", "cost_per_hour"},
      {}};
  return kColumns;
}

}  // namespace

std::vector<DeviceRow> parse_device_file(std::string_view text, std::string_view name) {
  std::vector<DeviceRow> rows;
  for_each_typed_row(text, name, columns(), [&](const TypedRow& cells) {
    DeviceRow row;
    row.line = cells.line();
    row.tier = cells.name("tier");
    row.tokens_per_second = cells.number("tokens_per_second", 0.0, true, kAny);
    row.teraflops = cells.number("teraflops", 0.0, true, kAny);
    if (row.tokens_per_second && row.teraflops) {
      cells.fail("teraflops", "cannot stand beside tokens_per_second; give only one of them");
    }
    row.download_mbps = cells.number("download_mbps", 0.0, true, kAny);
    row.upload_mbps = cells.number("upload_mbps", 0.0, true, kAny);
    row.latency_seconds = cells.number("latency_seconds", 0.0, false, kLongestSeconds);
    row.rank = cells.whole("rank", model::LoraConfig::kRank).value_or(0);
    row.watts = cells.number("watts", 0.0, false, kAny);
    row.cost_per_hour = cells.number("cost_per_hour", 0.0, false, kAny);
    rows.push_back(std::move(row));
  });
  if (rows.empty()) throw InputError(name, "has no devices");
  return rows;
}

std::vector<DeviceRow> read_device_file(const std::filesystem::path& file) {
  return parse_device_file(read_file(file), file.string());
}

}  // namespace lorafleet::sim
