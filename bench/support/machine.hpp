#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace lorafleet::bench {

/// Of Linux, from /proc/self/status: the largest resident set of this program so far, without what
/// the process was before it, and the resident set now.
std::int64_t peak_bytes();
std::int64_t resident_bytes();
/// What can be had without swapping; 0: not known.
std::int64_t available_bytes();

/// How much of the machine's CPU time other processes take.
class Others {
 public:
  Others();
  /// Their share since this was made; 0 where the system does not say.
  [[nodiscard]] double share() const;

 private:
  struct Times {
    double busy = 0.0;  ///< seconds, of all CPUs together; stolen ones too
    double all = 0.0;
    double own = 0.0;
  };
  static Times now();
  Times start_;
};

/// CPU, instruction sets, cores, the device that is measured, LibTorch, BLAS and oneDNN with their
/// kernels, load average.
nlohmann::ordered_json describe_machine();

}  // namespace lorafleet::bench
