#include "scenarios/schema/sections.hpp"

#include "actors/run/devices.hpp"
#include "actors/run/trainers/train_kinds.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/sim/world.hpp"
#include "actors/strategy/messages/codec.hpp"
#include "scenarios/schema/choices.hpp"
#include "scenarios/schema/schema_builder.hpp"

namespace lorafleet::scenarios {

namespace {

using Run = const actors::FederationConfig&;

bool deals_shares(Run run) {
  return run.devices.file.empty();
}
bool has_data(Run run) {
  return actors::has_base(run);
}
bool has_device_file(Run run) {
  return !run.devices.file.empty();
}
bool slows_down(const sim::SlowDownConfig& config) {
  return config.mean_between_seconds > 0.0;
}
bool is_random(const sim::OutageConfig& config) {
  return config.mean_between_seconds > 0.0;
}
Condition by_model(const char* key) {
  return read_by(sim::availability_models(), "model", key,
                 [](const void* owner, Run) -> const std::string& {
                   return static_cast<const sim::AvailabilityConfig*>(owner)->model;
                 });
}
Condition by_codec(const char* key) {
  return read_by(strategy::codecs(), "compress_up", key,
                 [](const void* owner, Run) -> const std::string& {
                   return static_cast<const sim::NetworkConfig*>(owner)->compress_up;
                 });
}

constexpr const char* kRandomOutage = "mean_between_seconds is above 0";

/// Shorter times between changes say nothing that a job could notice, and take long to walk
/// through.
constexpr double kShortestMean = 0.001;

Table tier_table() {
  using sim::DeviceTier;
  TableOf<DeviceTier> table;
  table.field("name", &DeviceTier::name, "for tables and traces");
  table.field("share", &DeviceTier::share, "part of the clients; shares are normalised")
      .above(0)
      .only_if_run("devices.file is not given", deals_shares);
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
  table.field("watts", &DeviceTier::watts, "power that a device draws while it computes")
      .at_least(0)
      .unit("W");
  table
      .field("cost_per_hour", &DeviceTier::cost_per_hour,
             "of a device while it has a job, in any currency")
      .at_least(0);
  return table;
}

Table slow_down_table() {
  using sim::SlowDownConfig;
  TableOf<SlowDownConfig> table;
  table
      .field("mean_between_seconds", &SlowDownConfig::mean_between_seconds,
             "exponential, from the end of an episode to the next; 0: there are none")
      .at_least(0)
      .unit("virtual seconds");
  table.field("mean_seconds", &SlowDownConfig::mean_seconds, "of an episode, exponential")
      .at_least(kShortestMean)
      .unit("virtual seconds")
      .only_if(kRandomOutage, slows_down);
  table.field("factor", &SlowDownConfig::factor, "how many times slower the device computes")
      .between(1, 1e6)
      .only_if(kRandomOutage, slows_down);
  return table;
}

Table outage_table() {
  using sim::OutageConfig;
  TableOf<OutageConfig> table;
  table.field("tier", &OutageConfig::tier, "whose clients are hit; empty: those of all tiers");
  table.field("share", &OutageConfig::share, "part of these clients, the same at each outage")
      .above(0)
      .at_most(1);
  table.field("start_seconds", &OutageConfig::start_seconds, "when it begins")
      .at_least(0)
      .unit("virtual seconds")
      .replaced_by("mean_between_seconds");
  table.field("duration_seconds", &OutageConfig::duration_seconds, "how long it lasts")
      .above(0)
      .unit("virtual seconds")
      .required()
      .replaced_by("mean_between_seconds");
  table
      .field("every_seconds", &OutageConfig::every_seconds,
             "from one beginning to the next; 0: it comes once")
      .at_least(0)
      .unit("virtual seconds")
      .replaced_by("mean_between_seconds");
  table
      .field("mean_between_seconds", &OutageConfig::mean_between_seconds,
             "above 0: random outages, with exponential times between them")
      .at_least(0)
      .unit("virtual seconds");
  table
      .field("mean_seconds", &OutageConfig::mean_seconds,
             "of a random outage, exponential, common to all that it hits")
      .at_least(kShortestMean)
      .unit("virtual seconds")
      .only_if(kRandomOutage, is_random);
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
  table
      .field("file", &DevicesConfig::file,
             "CSV of devices, with a header of any of tier, tokens_per_second, teraflops, "
             "download_mbps, upload_mbps, latency_seconds, rank, watts, cost_per_hour")
      .file();
  table
      .field(
          "file_order", &DevicesConfig::file_order,
          "exact: a row a client, in order; cycle: again from the first row; sample: a row drawn "
          "for each client")
      .names(sim::file_orders().names())
      .only_if_run("devices.file is given", has_device_file);
  table
      .field("slow_have", &DevicesConfig::slow_have,
             "whose devices are the slow ones: any: those of any clients; long_contexts, "
             "many_examples: the slower a device, the more its client has of these")
      .names(actors::slow_have().names())
      .only_if_run("train.kind is \"lora\"", has_data);
  table.table("slow_down", &DevicesConfig::slow_down,
              "episodes in which a device computes slower, for each client by itself",
              slow_down_table());
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
  table
      .field("jitter", &NetworkConfig::jitter,
             "factor on transfer times without latency, drawn for each transfer")
      .above(0)
      .default_median(1.0);
  table
      .field("server_upload_mbps", &NetworkConfig::server_upload_mbps,
             "the server's uplink, which serves downloads one after the other; 0: unlimited")
      .at_least(0)
      .unit("Mbit/s");
  table.field("cost_per_gb", &NetworkConfig::cost_per_gb, "of 10^9 bytes, either way").at_least(0);
  table
      .field("compress_up", &NetworkConfig::compress_up,
             "how clients write the change that training made: fewer bytes, less exact")
      .names(strategy::uplink_codecs());
  table
      .field("compress_down", &NetworkConfig::compress_down,
             "how the server writes the adapter that clients start from")
      .names(strategy::downlink_codecs());
  table
      .field("topk_share", &NetworkConfig::topk_share,
             "share of the values, the largest, that topk sends")
      .within(NetworkConfig::kTopkShare)
      .only_where(by_codec("topk_share"));
  table
      .field("error_feedback", &NetworkConfig::error_feedback,
             "a client keeps what compression lost, and adds it to its next update "
             "(arXiv 1901.09847)")
      .only_where(by_codec("error_feedback"));
  return table;
}

Table availability_table() {
  using sim::AvailabilityConfig;
  TableOf<AvailabilityConfig> table;
  table
      .field("model", &AvailabilityConfig::model,
             "when clients are there: always; bernoulli: at each invitation by chance; markov: "
             "exponential periods; daily: in a window of each day; file: as a trace says")
      .names(sim::availability_models().names());
  table.field("probability", &AvailabilityConfig::probability, "that a client takes an invitation")
      .above(0)
      .at_most(1)
      .only_where(by_model("probability"));
  table.field("mean_up_seconds", &AvailabilityConfig::mean_up_seconds, "of a period online")
      .at_least(kShortestMean)
      .unit("virtual seconds")
      .only_where(by_model("mean_up_seconds"));
  table.field("mean_down_seconds", &AvailabilityConfig::mean_down_seconds, "of a period offline")
      .at_least(kShortestMean)
      .unit("virtual seconds")
      .only_where(by_model("mean_down_seconds"));
  table.field("day_seconds", &AvailabilityConfig::day_seconds, "length of a day")
      .at_least(kShortestMean)
      .unit("virtual seconds")
      .only_where(by_model("day_seconds"));
  table.field("online_share", &AvailabilityConfig::online_share, "of each day, in one window")
      .above(0)
      .at_most(1)
      .only_where(by_model("online_share"));
  table
      .field("window_start_seconds", &AvailabilityConfig::window_start_seconds,
             "when in the day the window opens, drawn once for each client")
      .at_least(0)
      .unit("virtual seconds")
      .only_where(by_model("window_start_seconds"));
  table
      .field("file", &AvailabilityConfig::file,
             "CSV with the columns client, start_seconds, end_seconds: when clients are online")
      .file()
      .required()
      .only_where(by_model("file"));
  table
      .field("repeat_seconds", &AvailabilityConfig::repeat_seconds,
             "length of the trace, which then begins again; 0: clients stay offline")
      .at_least(0)
      .unit("virtual seconds")
      .only_where(by_model("repeat_seconds"));
  table
      .field("leaving", &AvailabilityConfig::leaving,
             "a job whose client goes offline: lose: it is lost; pause: it goes on when the client "
             "is back")
      .names(sim::leaving_names())
      .only_where(by_model("leaving"));
  table
      .field("drop_probability", &AvailabilityConfig::drop_probability,
             "that a job is lost at a random point")
      .within(AvailabilityConfig::kDropProbability);
  table
      .field("crash_rate_per_hour", &AvailabilityConfig::crash_rate_per_hour,
             "of computing; a crash loses the job")
      .at_least(0)
      .unit("1/h");
  table.list("outages", &AvailabilityConfig::outages,
             "many clients away at once; their jobs are lost", outage_table());
  return table;
}

Table surrogate_table() {
  using actors::SurrogateConfig;
  TableOf<SurrogateConfig> table;
  table.field("examples", &SurrogateConfig::examples, "of a client, rounded; drawn once for each")
      .at_least(0);
  table.field("tokens_per_example", &SurrogateConfig::tokens_per_example, "prices a job")
      .between(1, 1'000'000)
      .unit("tokens");
  table.field("classes", &SurrogateConfig::classes, "sorts of data").between(1, 1000);
  table
      .field("alpha", &SurrogateConfig::alpha,
             "of the Dirichlet draw of each client's mix of the classes: small for unlike clients")
      .above(0);
  table.field("spread", &SurrogateConfig::spread, "deviation of the classes' optima").above(0);
  table.field("noise", &SurrogateConfig::noise, "deviation of what a job adds to each value")
      .at_least(0);
  table
      .field("width", &SurrogateConfig::width,
             "the adapter has one module of [width, width], so 2 * lora.r * width values")
      .between(1, 65536);
  table
      .field("message_bytes", &SurrogateConfig::message_bytes,
             "what an adapter counts as on the links; 0: its own size")
      .at_least(0)
      .unit("bytes");
  return table;
}

Table checkpoint_table() {
  using actors::CheckpointConfig;
  TableOf<CheckpointConfig> table;
  table
      .field("every_versions", &CheckpointConfig::every_versions,
             "a checkpoint at each so many versions; 0: not by versions")
      .at_least(0);
  table
      .field("every_seconds", &CheckpointConfig::every_seconds,
             "a checkpoint at the first version after so much time; 0: not by time")
      .at_least(0)
      .unit("real seconds");
  return table;
}

Table output_table() {
  using actors::OutputConfig;
  TableOf<OutputConfig> table;
  table.field("trace", &OutputConfig::trace,
              "write trace.json, a picture of the jobs, the first 200,000 of them");
  table.field("report", &OutputConfig::report, "write report.html, a page that shows the run");
  table.field("tensorboard", &OutputConfig::tensorboard,
              "write an event file for TensorBoard, as the run goes on");
  return table;
}

Table slots_table() {
  using actors::SlotsConfig;
  TableOf<SlotsConfig> table;
  table
      .field(
          "count", &SlotsConfig::count,
          "slots that train at the same time; 0: as many as there are cores, on GPUs one for each. "
          "Never changes results")
      .between(0, 1024);
  table
      .field(
          "cohort", &SlotsConfig::cohort,
          "jobs that a slot trains side by side: on a GPU in the same pass over the base; 0: 1 on "
          "a CPU, which gains nothing by more, 16 on a GPU. Never changes results")
      .between(0, 1024);
  table
      .field("threads", &SlotsConfig::threads,
             "threads inside each job; changes results in the last bits")
      .between(1, 256);
  table.field("device", &SlotsConfig::device,
              "where jobs train: `cpu`, `cuda` (the first GPU), `cuda:N`, `cuda:*` (all GPUs, a "
              "base on each), or some of them, like `cuda:0,cuda:2`");
  return table;
}

Table tls_table() {
  using actors::net::TlsFiles;
  TableOf<TlsFiles> table;
  table.field("cert", &TlsFiles::cert, "the head's certificate chain, PEM").file();
  table.field("key", &TlsFiles::key, "its private key, PEM, without a passphrase").file();
  table.field("ca", &TlsFiles::ca, "whose certificates are believed, PEM").file();
  table.field(
      "allow", &TlsFiles::allow,
      "common names or whole subjects of the hosts that may connect; empty: any that the ca "
      "signed");
  return table;
}

}  // namespace lorafleet::scenarios
