#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::sim {

/// One row of a CSV of devices. What the row does not give is nothing (rank 0, tier "").
struct DeviceRow {
  std::size_t line = 0;  ///< of the file, from 1
  std::string tier;
  std::optional<double> tokens_per_second;
  std::optional<double> teraflops;
  std::optional<double> download_mbps;
  std::optional<double> upload_mbps;
  std::optional<double> latency_seconds;
  std::int64_t rank = 0;
  std::optional<double> watts;
  std::optional<double> cost_per_hour;
};

/// Rows of the table with a header of any of: tier, tokens_per_second, teraflops, download_mbps,
/// upload_mbps, latency_seconds, rank, watts, cost_per_hour. Speeds must be above 0, latency, watts
/// and cost 0 or more, ranks as in [lora]. Throws InputError ("file:line:column name: ...", with
/// `name` for the file) for cells that are wrong, for a row that gives both tokens_per_second and
/// teraflops, and for a table without rows.
std::vector<DeviceRow> parse_device_file(std::string_view text, std::string_view name);
std::vector<DeviceRow> read_device_file(const std::filesystem::path& file);

}  // namespace lorafleet::sim
