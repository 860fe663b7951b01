#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "actors/events.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors {

/// trace.json in Chrome's trace event format, on virtual time: a track for each client with its
/// jobs, a track for the aggregator with its versions. Opens in Perfetto and chrome://tracing.
class TraceJson {
 public:
  explicit TraceJson(const std::filesystem::path& file);
  void add(const Event& event);
  /// Jobs still open end at `end`, marked "unfinished".
  void finish(sim::VirtualTime end);

 private:
  struct OpenJob {
    sim::VirtualTime start;
    JobDispatched job;
  };
  void close(sim::ClientId client, sim::Sequence seq, sim::VirtualTime end,
             const std::string& outcome);
  void append(const std::string& entry);

  AtomicFile file_;
  std::map<std::pair<sim::ClientId, sim::Sequence>, OpenJob> open_;
};

}  // namespace lorafleet::actors
