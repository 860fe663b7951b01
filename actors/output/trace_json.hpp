#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "actors/coordinator/events.hpp"
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
    sim::Sequence seq;  // 0: none
    sim::VirtualTime start;
    sim::VirtualTime end;  // if nobody stops it before
    sim::Version version;
    std::int64_t tokens = 0;
  };
  void close(sim::JobId id, sim::VirtualTime end, std::string_view outcome);

  AtomicFile file_;
  std::vector<OpenJob> open_;  // by client
  std::string text_;
};

}  // namespace lorafleet::actors
