#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/sim/availability.hpp"
#include "actors/sim/config.hpp"
#include "actors/sim/course.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/sim/ids.hpp"
#include "actors/sim/outages.hpp"
#include "actors/sim/time/timeline.hpp"
#include "actors/sim/time/toggle_heap.hpp"
#include "actors/sim/timing.hpp"
#include "actors/sim/uplink.hpp"
#include "actors/sim/usage.hpp"

namespace lorafleet::sim {

/// What a World cannot compute again from its config and the time. For checkpoints.
struct WorldState {
  std::vector<Uplink::Turn> uplink;
  friend bool operator==(const WorldState&, const WorldState&) = default;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("uplink", self.uplink);
  }
};

/// [availability] leaving.
std::vector<std::string> leaving_names();

/// All that makes clients unequal: devices, links, when they are there, what goes wrong. The
/// coordinator's one view of it. docs/heterogeneity.md has the models.
///
/// Everything is a pure function of (config, run seed, client, seq, time), except for the server's
/// uplink, which depends on the jobs dispatched before. A client is online when the model of
/// [availability] says so and no outage hits it. Without such a model and without outages nothing
/// is kept for each client but its profile; a model costs 32 bytes a client, slow-down episodes 16.
class World {
 public:
  using Changed = std::function<void(ClientId, bool online)>;

  /// At time 0. Throws InputError for configs that make no sense and files that cannot be read.
  World(DevicesConfig devices, NetworkConfig network, AvailabilityConfig availability,
        std::size_t clients, std::uint64_t run_seed, double train_flops_per_token);
  /// With the devices that the other constructor would deal out.
  World(DevicesConfig devices, NetworkConfig network, AvailabilityConfig availability,
        std::shared_ptr<const Fleet> fleet, std::uint64_t run_seed);

  [[nodiscard]] const Fleet& fleet() const { return *fleet_; }
  [[nodiscard]] const DeviceProfile& profile(ClientId client) const {
    return fleet_->profile(client);
  }
  [[nodiscard]] const std::vector<std::string>& tier_names() const { return fleet_->tier_names(); }
  [[nodiscard]] std::size_t clients() const { return fleet_->clients(); }
  [[nodiscard]] const DevicesConfig& devices() const { return devices_; }
  [[nodiscard]] const NetworkConfig& network() const { return network_; }
  [[nodiscard]] const AvailabilityConfig& availability() const { return availability_; }
  [[nodiscard]] std::uint64_t run_seed() const { return run_seed_; }
  /// The model of [availability].
  [[nodiscard]] const AvailabilityModel& model() const { return *model_; }

  /// Moves to `now`, which may not lie before the last one. Calls `changed` (where there is one)
  /// for each client that came online or went offline since, in the order (time, client); a client
  /// that does both in the same microsecond is not mentioned. At the moment of a change the new
  /// state holds. One long step makes the same calls as many short ones.
  void advance(VirtualTime now, const Changed& changed);
  [[nodiscard]] VirtualTime now() const { return now_; }
  [[nodiscard]] bool online(ClientId client) const;
  /// When to look again: nobody comes or goes before. It may turn out that nobody does then (a
  /// period that ends during an outage). nullopt: nobody ever will.
  [[nodiscard]] std::optional<VirtualTime> next_change() const;
  /// When the client is next online, from the current time on and before `limit`.
  [[nodiscard]] std::optional<VirtualTime> online_from(ClientId client, VirtualTime limit) const;

  /// Whether clients that are there may still refuse an invitation.
  [[nodiscard]] bool may_refuse() const { return model_->answers != nullptr; }
  /// Whether the client takes the invitation number `seq`. Pure. A coordinator that asks again must
  /// ask with another seq, so a refusal uses its number up.
  [[nodiscard]] bool answers(ClientId client, Sequence seq) const;

  /// Prices a job dispatched now: `advance(now)` comes first. Calls must be in the order of
  /// dispatch, since each occupies the server's uplink. A job for a client that is offline is lost
  /// at once. Of several losses the first counts; of the same microsecond: outage, went_offline,
  /// crashed, dropped_out.
  JobTiming predict(const JobLoad& load, VirtualTime now);

  /// What a job that was dispatched at `start` has come to at `until`. Pure.
  [[nodiscard]] JobUsage usage(const JobLoad& load, const JobTiming& timing, VirtualTime start,
                               VirtualTime until) const;
  /// The job has ended now, with its download still waiting or on its way: the server's uplink
  /// sends no more of it.
  void release(Sequence seq) { uplink_.release(seq); }

  [[nodiscard]] WorldState save() const { return {uplink_.turns()}; }
  /// On a World of the same arguments that was advanced to the time of `save`.
  void restore(const WorldState& state) { uplink_.restore(state.uplink); }

  /// Whether a job goes on when its client is back, instead of being lost.
  [[nodiscard]] bool pauses() const { return pauses_; }
  /// The timeline of [availability] model; nullptr: clients are always there. For checks of a
  /// config.
  [[nodiscard]] const Timeline* timeline() const { return timeline_.get(); }
  /// Whether clients can be away at all.
  [[nodiscard]] bool always_online() const { return timeline_ == nullptr && outages_.empty(); }
  /// The timelines of the outages that can hit the client; on: it is hit.
  [[nodiscard]] std::vector<std::pair<const Timeline*, std::uint32_t>> outages_of(
      ClientId client) const {
    return outages_.timelines_of(client);
  }

 private:
  using Phases = std::array<VirtualDuration, kPhases>;
  struct Loss {
    VirtualTime time = kNever;
    LossReason reason = LossReason::none;
    void consider(VirtualTime at, LossReason why) {
      if (at < time) *this = {at, why};
    }
  };

  [[nodiscard]] VirtualTime next_toggle() const;
  void toggle_client(const Changed& changed);
  void toggle_group(const Changed& changed);
  [[nodiscard]] Hindrances hindrances(ClientId client, const JobTiming& timing) const;
  [[nodiscard]] Loss loss_of(const JobLoad& load, const Phases& phases, const Course& course,
                             VirtualTime now, const Hindrances& met) const;

  DevicesConfig devices_;
  NetworkConfig network_;
  AvailabilityConfig availability_;
  std::uint64_t run_seed_;
  std::shared_ptr<const Fleet> fleet_;
  const AvailabilityModel* model_;
  bool pauses_;

  std::unique_ptr<const Timeline> timeline_;
  std::vector<Period> periods_;  ///< of the current time; empty without a timeline
  ToggleHeap toggles_;
  Outages outages_;
  std::unique_ptr<const Timeline> slow_;
  std::vector<Period> slow_periods_;  ///< of each client's last job; empty without episodes
  Uplink uplink_;
  VirtualTime now_;
};

}  // namespace lorafleet::sim
