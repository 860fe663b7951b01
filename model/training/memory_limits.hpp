#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace lorafleet::model {

/// How much a cohort does at a time on a device that had no memory for more: half of what it had
/// none for. Internal to model/.
class MemoryLimits {
 public:
  /// Passes after which twice as many tokens are tried: something else may have had the memory.
  static constexpr int kCalm = 100;

  /// Most jobs under way. Does not grow: a job that had no memory has begun anew.
  [[nodiscard]] std::size_t jobs() const { return jobs_; }
  /// Most tokens of jobs that share a pass.
  [[nodiscard]] std::int64_t tokens() const { return tokens_; }

  /// There was no memory for one of so many jobs.
  void job_failed(std::size_t jobs);
  /// Nor for a pass of several.
  void pass_failed(std::int64_t tokens);
  /// All jobs are a pass further.
  void advanced();

 private:
  std::size_t jobs_ = std::numeric_limits<std::size_t>::max();
  std::int64_t tokens_ = std::numeric_limits<std::int64_t>::max();
  int calm_ = 0;  ///< passes since the last one that failed
};

}  // namespace lorafleet::model
