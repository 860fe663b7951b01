#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/report/data/curve.hpp"
#include "actors/report/data/quantile_sketch.hpp"
#include "actors/report/data/score_kind.hpp"
#include "actors/report/data/time_buckets.hpp"
#include "actors/report/data/whole_histogram.hpp"

namespace lorafleet::report {

/// One column of rounds.csv over the versions; rows without a value are none of it.
struct Curve {
  std::vector<CurvePoint> points;  ///< thinned
  std::size_t rows = 0;            ///< before that
  CurvePoint least;
  CurvePoint largest;
  /// Rows with a smaller value than all before: where a target was reached first.
  std::vector<CurvePoint> records;
};
using Curves = std::map<std::string, Curve>;

/// The scores of one length of context or one group, at the start and at the end.
struct PartScore {
  std::string name;
  double initial = 0.0;
  double final = 0.0;
  double counted = 0.0;  ///< what is scored: ScoreKind::counted
};

struct Summary {
  std::map<std::string, double> figures;  ///< dotted keys
  std::map<std::string, std::string> texts;
  std::vector<PartScore> by_length;
  std::vector<PartScore> by_group;

  /// Not a number where there is none.
  [[nodiscard]] double figure(const std::string& key) const;
  [[nodiscard]] std::string text(const std::string& key) const;
};

struct TierFigures {
  std::string name;
  std::int64_t clients = 0;
  std::int64_t jobs = 0;
  std::int64_t received = 0;
  std::int64_t lost = 0;
  std::int64_t in_flight = 0;
  std::int64_t refused = 0;
  double busy_seconds = 0.0;
  double computing_seconds = 0.0;
  double energy_wh = 0.0;
};

/// What clients.csv says: sums by tier, and a few numbers of each client.
struct Clients {
  static constexpr std::size_t kMostRows = 500;

  std::vector<TierFigures> tiers;
  std::vector<std::uint16_t> tier_of;
  std::vector<float> speed;  ///< tokens/s
  std::vector<std::uint32_t> jobs;
  std::vector<std::uint32_t> received;
  std::vector<std::uint32_t> examples;
  std::vector<std::string> names;              ///< of the columns
  std::vector<std::vector<std::string>> rows;  ///< the busiest, at most kMostRows
};

/// What became of jobs of one tier that ended in the same way.
struct Fate {
  std::int64_t jobs = 0;
  std::int64_t tokens = 0;
  std::int64_t bytes = 0;
  double joules = 0.0;
};

struct JobBar {
  std::size_t row = 0;  ///< of Events::shown
  double start = 0.0;   ///< virtual seconds, as all of these
  double downloaded = 0.0;
  double computed = 0.0;
  double end = 0.0;
  std::string fate;
  std::uint64_t version = 0;  ///< trained from
};

/// When a client was not there.
struct OfflineBar {
  std::size_t row = 0;  ///< of Events::shown
  double start = 0.0;   ///< virtual seconds
  double end = 0.0;
};

/// Jobs at the same time, in a span of virtual time.
struct Flight {
  double least = 0.0;
  double largest = 0.0;
  double integral = 0.0;  ///< jobs x seconds
  double seconds = 0.0;
  std::uint64_t arrivals = 0;
  void include(double jobs, double overlap);
  void merge(const Flight& other);
};

/// Training losses of updates in a span of virtual time, by tier; of more than
/// Events::kMostTiersApart tiers all in the first.
struct Losses {
  std::vector<QuantileSketch> tiers;
  void merge(const Losses& other);
};

/// What events.jsonl says, in figures of bounded size.
struct Events {
  static constexpr std::size_t kMostBars = 4000;
  static constexpr std::size_t kMostTiersApart = 8;  ///< of more, losses are kept of all together
  static constexpr const char* kApplied = "applied";
  static constexpr const char* kInFlight = "in flight at the end";
  static constexpr const char* kWaiting = "never folded";

  std::int64_t jobs = 0;
  double end_seconds = 0.0;
  std::string stop_reason;                         ///< "" where the log has no end
  std::vector<std::map<std::string, Fate>> fates;  ///< by tier, then by how the jobs ended
  TimeBuckets<Flight> flight{400};
  TimeBuckets<Losses> losses{60};
  std::vector<WholeHistogram> staleness;  ///< by tier
  std::vector<double> weight;             ///< in folds, by tier
  std::vector<float> client_weight;       ///< in folds, by client
  std::vector<std::uint64_t> shown;       ///< clients whose jobs are `bars`
  std::vector<JobBar> bars;
  double bars_until = 0.0;  ///< virtual seconds; later jobs were too many
  std::vector<OfflineBar> offline;
  double shortest_offline = 0.0;  ///< virtual seconds; shorter ones are left out
};

/// What local.csv says: the scores of one client.
struct LocalRow {
  std::uint64_t client = 0;
  double base = 0.0;
  double global = 0.0;
  double after_training = 0.0;
};

/// One skew of partition.json.
struct SkewTable {
  std::string by;
  std::vector<std::string> bins;
  double distance_mean = 0.0;  ///< Jensen-Shannon, to the pooled data
  double distance_max = 0.0;
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> rows;  ///< bin, count
  std::vector<float> distance;                                             ///< of each client
};

struct Partition {
  std::vector<std::uint32_t> sizes;  ///< examples
  double gini = 0.0;
  std::vector<SkewTable> skews;
};

/// All that a page shows of one run directory; parts whose file is not there are empty.
struct RunData {
  std::string folder;       ///< the last three names of its path
  bool unfinished = false;  ///< a run that is at work, or was killed: it has no summary.json
  const ScoreKind* score = &score_kinds().front();
  Summary summary;
  Curves curves;
  std::vector<double> version_seconds;  ///< when versions were made; empty where there are many
  std::optional<Clients> clients;
  std::optional<Events> events;
  std::vector<LocalRow> local;
  std::optional<Partition> partition;
  std::vector<std::string> warnings;
};

// One reader for each file. They throw InputError that names the file and the place.
Summary read_summary(const std::filesystem::path& file);
void read_rounds(const std::filesystem::path& file, RunData& run);
Clients read_clients(const std::filesystem::path& file);
/// `clients` says which tier a client is of; may be null. `growing`: see for_each_event.
Events read_events(const std::filesystem::path& file, const Clients* clients, bool growing = false);
/// Adds the spans of the clients that are shown, up to `bars_until`.
void read_offline(const std::filesystem::path& file, Events& events);
std::vector<LocalRow> read_local(const std::filesystem::path& file);
Partition read_partition(const std::filesystem::path& file);
std::vector<std::string> read_warnings(const std::filesystem::path& file);

/// Reads a run directory, or the data part alone where it holds only partition.json. Throws
/// InputError where it is neither.
RunData read_run(const std::filesystem::path& folder);

/// The Gini coefficient of counts.
double gini_of(std::vector<std::uint32_t> counts);

}  // namespace lorafleet::report
