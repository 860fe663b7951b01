#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "actors/events.hpp"

namespace lorafleet::actors {

/// trace.json in Chrome's trace event format, on virtual time: a track for each client with its
/// jobs, a track for the aggregator with its versions. Opens in Perfetto and chrome://tracing.
class TraceJson {
 public:
  TraceJson();
  void add(const Event& event);
  /// Jobs still open end at `end`, marked "unfinished".
  void write(const std::filesystem::path& file, sim::VirtualTime end);

 private:
  struct OpenJob {
    sim::VirtualTime start;
    JobDispatched job;
  };
  void close(sim::ClientId client, sim::Sequence seq, sim::VirtualTime end,
             const std::string& outcome);
  void append(const std::string& entry);

  std::string text_;
  std::map<std::pair<sim::ClientId, sim::Sequence>, OpenJob> open_;
};

}  // namespace lorafleet::actors
