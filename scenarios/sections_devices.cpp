#include "scenarios/sections.hpp"

#include "scenarios/schema_builder.hpp"

namespace lorafleet::scenarios {

namespace {

Table tier_table() {
  using sim::DeviceTier;
  TableOf<DeviceTier> table;
  table.field("name", &DeviceTier::name, "for tables and traces");
  table.field("share", &DeviceTier::share, "part of the clients; shares are normalised").above(0);
  table
      .field("tokens_per_second", &DeviceTier::tokens_per_second,
             "training speed, drawn once for each client")
      .above(0)
      .unit("tokens/s")
      .required()
      .replaced_by("teraflops");
  table
      .field("teraflops", &DeviceTier::teraflops,
             "speed as useful TFLOP/s, instead of `tokens_per_second`")
      .at_least(0)
      .unit("TFLOP/s");
  table.field("download_mbps", &DeviceTier::download_mbps, "above 0: instead of [network]'s")
      .at_least(0)
      .unit("Mbit/s");
  table.field("upload_mbps", &DeviceTier::upload_mbps, "above 0: instead of [network]'s")
      .at_least(0)
      .unit("Mbit/s");
  return table;
}

}  // namespace

Table devices_table() {
  using sim::DevicesConfig;
  TableOf<DevicesConfig> table;
  table.list("tiers", &DevicesConfig::tiers,
             "kinds of device; none: every client trains 500 tokens/s", tier_table());
  table.field("jitter", &DevicesConfig::jitter, "factor on compute time, drawn for each job")
      .above(0)
      .default_median(1.0);
  table.field("startup_seconds", &DevicesConfig::startup_seconds, "added to each job")
      .at_least(0)
      .unit("virtual seconds");
  return table;
}

Table network_table() {
  using sim::NetworkConfig;
  TableOf<NetworkConfig> table;
  table.field("download_mbps", &NetworkConfig::download_mbps, "server to client, drawn once each")
      .above(0)
      .unit("Mbit/s");
  table.field("upload_mbps", &NetworkConfig::upload_mbps, "client to server, drawn once each")
      .above(0)
      .unit("Mbit/s");
  table
      .field("latency_seconds", &NetworkConfig::latency_seconds,
             "added to each transfer, drawn once for each client")
      .at_least(0)
      .unit("virtual seconds");
  return table;
}

Table availability_table() {
  using sim::AvailabilityConfig;
  TableOf<AvailabilityConfig> table;
  table
      .field("drop_probability", &AvailabilityConfig::drop_probability,
             "that a job is lost at a random point")
      .at_least(0)
      .below(1);
  return table;
}

Table slots_table() {
  using actors::SlotsConfig;
  TableOf<SlotsConfig> table;
  table
      .field(
          "count", &SlotsConfig::count,
          "jobs that train at the same time; 0: as many as there are cores. Never changes results")
      .between(0, 1024);
  table
      .field("threads", &SlotsConfig::threads,
             "threads inside each job; changes results in the last bits")
      .between(1, 256);
  table.field("device", &SlotsConfig::device,
              "where jobs train: `cpu`, `cuda` (the first GPU) or `cuda:N`");
  return table;
}

}  // namespace lorafleet::scenarios
