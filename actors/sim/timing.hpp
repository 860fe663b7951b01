#pragma once

#include <cstdint>

#include "actors/sim/config.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/sim/ids.hpp"
#include "actors/sim/time/timeline.hpp"
#include "actors/sim/time/virtual_time.hpp"

namespace lorafleet::sim {

constexpr double kSecondsPerHour = 3600.0;

/// What a job asks of a device and its link.
struct JobLoad {
  JobId id;
  std::int64_t tokens = 0;
  std::int64_t bytes_down = 0;
  std::int64_t bytes_up = 0;
};

/// Why an update never comes.
enum class LossReason : std::uint8_t { none, dropped_out, went_offline, outage, crashed };

/// "dropped_out", "went_offline", "outage", "crashed"; "" for none.
const char* name(LossReason reason);

/// The three phases of a job, as they would be if nothing came in between.
struct JobWork {
  VirtualDuration down;
  VirtualDuration compute;
  VirtualDuration up;
  [[nodiscard]] VirtualDuration total() const { return down + compute + up; }

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("down", self.down);
    visit("compute", self.compute);
    visit("up", self.up);
  }
};

/// The future of a job, from its dispatch on; job_usage (usage.hpp) says what it comes to.
struct JobTiming {
  VirtualDuration down;  ///< the phases as they pass, pauses and slow-downs included; the longest
  VirtualDuration compute;  ///< duration where a phase never ends
  VirtualDuration up;
  bool lost = false;    ///< the update never comes
  VirtualDuration end;  ///< until the arrival: down + compute + up; or until the loss
  LossReason reason = LossReason::none;
  VirtualDuration waited;  ///< for the server's uplink; the first part of down
  bool absent = false;     ///< the client was not there: nothing of the job ever began
  JobWork work;            ///< what the phases would be on their own
  Period online;           ///< of the client's timelines, at the dispatch: where there are pauses
  Period slow;             ///< where there are slow-downs

  [[nodiscard]] VirtualDuration total() const { return down + compute + up; }

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("down", self.down);
    visit("compute", self.compute);
    visit("up", self.up);
    visit("lost", self.lost);
    visit("end", self.end);
    visit("reason", self.reason);
    visit("waited", self.waited);
    visit("absent", self.absent);
    visit("work", self.work);
    visit("online", self.online);
    visit("slow", self.slow);
  }
};

/// The work of a job. With the client's profile and draws that depend on (run seed, client, seq)
/// alone:
///
///     down    = latency + max(8 bytes_down / (download_mbps 1e6) j_1,
///                             8 bytes_down / (server_upload_mbps 1e6))     j_1, j_2 ~ [network]
///                             jitter
///     compute = startup + tokens / tokens_per_second * j_0                 j_0 ~ [devices] jitter
///     up      = latency + 8 bytes_up / (upload_mbps 1e6) j_2
///
/// without the server's term where server_upload_mbps is 0; each rounded to microseconds and at
/// least 1 us long (at most 1e9 s, so that no clock overflows).
JobWork job_work(const DeviceProfile& profile, const DevicesConfig& devices,
                 const NetworkConfig& network, std::uint64_t run_seed, const JobLoad& load);

/// What may go wrong in a job, drawn from (run seed, client, seq).
struct JobFailures {
  bool drops = false;
  double drop_point = 0.0;     ///< U(0, 1): of the job's whole length
  double crash_seconds = 0.0;  ///< of computing until the device crashes, Exp(crash_rate_per_hour);
                               ///< below 0: it never does
};
JobFailures job_failures(const AvailabilityConfig& availability, std::uint64_t run_seed,
                         const JobLoad& load);

}  // namespace lorafleet::sim
