#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "actors/coordinator/events.hpp"
#include "actors/coordinator/folded_updates.hpp"
#include "actors/output/tensorboard/summary_event.hpp"
#include "model/evaluation/evaluation.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::actors::tensorboard {

/// The event file of a run for TensorBoard (docs/run-directory.md has its tags): virtual seconds
/// are its wall time, versions its steps. It grows as the run goes on; scores stand where they came
/// in.
///
/// A run that goes on writes a file of the next number, from its beginning, and removes the others:
/// TensorBoard reads a file on and on, and would not notice that its end was taken back.
class TensorBoardLog {
 public:
  /// Throws RuntimeFailure where the file cannot be written, as all of these.
  explicit TensorBoardLog(const std::filesystem::path& directory);
  void add(const Event& event);
  void add_evaluation(sim::Version version, const model::Evaluation& evaluation);

  /// "events.out.tfevents.0.lorafleet"
  static std::string file_name(std::uint64_t number);

 private:
  struct Update {
    double loss = 0.0;
    double norm = 0.0;
    double staleness = 0.0;
    double weight = 0.0;
  };
  void charge(const sim::JobUsage& used);
  void make_version(const VersionMade& made, sim::VirtualTime time);
  void write(const SummaryEvent& event);

  std::optional<GrowingFile> file_;
  FoldedUpdates<Update> arrived_;
  std::deque<sim::VirtualTime> times_ = {sim::VirtualTime{}};  // of the versions
  // Since the start.
  std::int64_t in_flight_ = 0;
  std::int64_t dropped_ = 0;
  std::int64_t tokens_ = 0;
  std::int64_t bytes_down_ = 0;
  std::int64_t bytes_up_ = 0;
  double joules_ = 0.0;
};

}  // namespace lorafleet::actors::tensorboard
