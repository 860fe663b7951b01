#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/coordinator/events.hpp"
#include "actors/coordinator/folded_updates.hpp"
#include "actors/output/clients_csv.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {

/// trace.json in Chrome's trace event format, on virtual time, for Perfetto and chrome://tracing
/// (docs/run-directory.md says what is in it):
///
///     process 1            the aggregator: its versions, each a slice until the next one is made
///     process 2, 3, …      the device tiers, the fastest first; a thread for each client that
///                          had a job, a slice for each job, named by how it ended, its phases
///                          inside
///     counters             jobs in flight, mean staleness, version
///     flows                dispatch -> job -> fold, of the updates that were folded
///
/// Written as the run goes on; kept are the jobs in flight and the updates that wait for their
/// fold. Its size is bounded: no viewer shows millions of jobs.
class TraceJson {
 public:
  /// Phases and flows are written of so many jobs, the first ones.
  static constexpr std::uint64_t kMostDetailed = 20'000;
  /// With the dispatch of a later job the trace ends, and says so; jobs in flight end as they do.
  static constexpr std::uint64_t kMostJobs = 200'000;

  TraceJson(const std::filesystem::path& file, const std::vector<ClientFacts>& clients);
  void add(const Event& event);
  /// Jobs still open end at `end`, marked "unfinished".
  void finish(sim::VirtualTime end);

 private:
  struct Place {
    std::uint32_t process = 0;
    bool named = false;  // its thread
  };
  struct OpenJob {
    JobDispatched job;
    sim::VirtualTime start;
  };
  struct Waiting {
    sim::JobId id;
    sim::VirtualTime start;
  };

  void name_tiers(const std::vector<ClientFacts>& clients);
  void name_thread(std::uint32_t client);
  void begin(std::string_view name, char phase, std::uint64_t process, std::uint64_t thread,
             sim::VirtualTime time);
  void slice(std::string_view name, std::uint32_t client, sim::VirtualTime from,
             sim::VirtualTime until);
  void end();
  void dispatch(const JobDispatched& job, sim::VirtualTime now);
  void cut_off(sim::VirtualTime now);
  void close(sim::JobId id, sim::VirtualTime now, std::string_view outcome);
  void phases(const OpenJob& ended, sim::VirtualTime until);
  void arrive(const UpdateArrived& arrived, sim::VirtualTime now);
  void make_version(const VersionMade& made, sim::VirtualTime now);
  void flow(const Waiting& update, sim::VirtualTime folded);
  void count(std::string_view name, std::string_view of, double value, sim::VirtualTime time);
  void count_in_flight(sim::VirtualTime now);
  [[nodiscard]] std::uint64_t thread_of(std::uint32_t client) const;

  AtomicFile file_;
  std::vector<Place> places_;  // by client
  std::uint32_t processes_ = 0;
  std::map<std::uint32_t, OpenJob> open_;  // by client
  FoldedUpdates<Waiting> arrived_;
  std::int64_t in_flight_ = 0;
  std::int64_t told_in_flight_ = 0;
  sim::VirtualTime in_flight_since_;
  bool cut_off_ = false;
  std::string text_;
};

}  // namespace lorafleet::actors
