#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "actors/coordinator/events.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::actors {

/// A growing events.jsonl. Lines are made, hashed and written on a thread of the log's own, in the
/// order of `add`, so that whoever adds does not wait for them. What goes wrong there (a full disk)
/// is thrown by the next call. One caller at a time.
///
/// A listener gets each event on that thread too; after `settle` it is idle.
class EventLog {
 public:
  using Listener = std::function<void(const Event&)>;
  /// Keeps the first `keep` bytes of the file. Throws InputError where it is shorter, and
  /// RuntimeFailure where it cannot be written.
  EventLog(std::filesystem::path file, std::uint64_t keep, Listener listener);
  /// Writes what was added.
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Before the first `add`: the events that the file has. Gives their SHA-256. Throws InputError
  /// for what is no event.
  std::string replay(const Listener& take);

  /// Waits only where the thread has fallen far behind.
  void add(const Event& event);

  struct Position {
    std::uint64_t bytes = 0;
    std::string sha256;
  };
  /// Waits until all that was added is on the disk.
  Position settle();

 private:
  void work();
  void write(const std::vector<Event>& events);

  std::filesystem::path path_;
  Listener listener_;
  GrowingFile file_;
  Sha256 hash_;
  std::string text_;  // of one batch

  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable drained_;
  std::vector<Event> waiting_;
  bool writing_ = false;
  bool hurry_ = false;
  bool closing_ = false;
  std::exception_ptr failure_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace lorafleet::actors
