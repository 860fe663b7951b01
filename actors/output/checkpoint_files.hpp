#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "actors/coordinator/run_checkpoint.hpp"

namespace lorafleet::actors {

/// The checkpoints of a run directory: `checkpoint/<number>/state.json` and `tensors.safetensors`.
/// Each is written under a temporary name, flushed to the disk and renamed; the latest two are
/// kept, so that a damaged one leaves another.
class CheckpointFiles final : public CheckpointStore {
 public:
  /// `identity` names the scenario: a checkpoint with another one is refused.
  CheckpointFiles(std::filesystem::path folder, std::string identity);

  /// Throws RuntimeFailure (a full disk, a read-only folder).
  void write(const RunCheckpoint& checkpoint) override;
  /// All of them, once they are of no more use.
  void remove();
  /// The newest whole checkpoint whose part of the event log is within `events_bytes`, the length
  /// of the log that is there; `warning` is told about those that are passed over. Nothing where
  /// there is none. Throws InputError where it is of another scenario or format.
  [[nodiscard]] std::optional<RunCheckpoint> read_latest(
      std::uint64_t events_bytes, const std::function<void(const std::string&)>& warning) const;

 private:
  std::filesystem::path folder_;
  std::string identity_;
  std::uint64_t next_ = 1;
};

}  // namespace lorafleet::actors
