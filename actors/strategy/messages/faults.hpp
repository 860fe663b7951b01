#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/strategy/config.hpp"
#include "model/training/trainer.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

struct Attack;

/// What an attacker does. With s the adapter that a job starts from and w the one that honest
/// training would give:
///   sign_flip:   sends s - scale (w - s) (Li et al., AAAI 2019, arXiv 1811.03761).
///   noise:       sends w + z, z normal with deviation scale rms(w - s) in each value of the
///   factors
///                that the job trains, the rms taken over these (Gaussian attack: Blanchard et al.,
///                arXiv 1703.02757). Drawn from (run seed, Purpose::fault, client, seq).
///   scale:       sends s + scale (w - s) (model replacement: Bagdasaryan et al., arXiv
///   1807.00459). nan:         sends NaN in each value of the factors that the job trains.
///   free_rider:  does not train: sends s, with noise of `deviation` in each value of the factors
///                that it should have trained, and claims its examples (Fraboni et al., AISTATS
///                2021, arXiv 2006.11901). It reports the loss 0, and 0 tokens trained.
///   label_noise: trains honestly on data that were spoilt: `examples` of its examples have targets
///                of others (partition/poison.hpp; compare Tolpegin et al., arXiv 2007.08432).
struct AttackKind {
  std::string name;
  std::vector<std::string> keys = {};               ///< of an entry of [faults] attackers
  bool trains = true;                               ///< else free_ride says what is sent
  bool spoils_labels = false;                       ///< before the run
  std::optional<double> idle_scale = std::nullopt;  ///< with which it changes nothing
  /// Makes of what honest training gave what is sent; null: that itself.
  void (*corrupt)(const Attack&, const model::TrainJob&, model::Adapter& trained) = nullptr;
};

/// [faults] attackers attack.
const Registry<AttackKind>& attack_kinds();

struct Attack {
  const AttackKind* kind = nullptr;
  double scale = 1.0;
  double deviation = 0.0;
  double examples = 1.0;
  std::uint64_t from_version = 0;  ///< honest in jobs from earlier versions
};

/// The name of a client's tier.
using TierOf = std::function<std::string(sim::ClientId)>;

/// Who attacks, and how: a pure function of the constructor's arguments.
///
/// Each entry of [faults] attackers gets round(share n) clients, n being all clients or those of
/// its tier. A permutation of the clients keyed by (run seed, Purpose::fault) says which: each
/// entry, in the order given but those with a tier first, takes the next that have no entry yet. So
/// nobody attacks in two ways, and an entry's clients do not depend on its attack.
class Attackers {
 public:
  Attackers() = default;  ///< nobody
  /// `tier_of` is asked only where an entry names a tier. Throws InputError for unknown attacks,
  /// options out of range, and shares of which there are too many.
  Attackers(const FaultsConfig& faults, std::size_t clients, std::uint64_t run_seed,
            const TierOf& tier_of);

  [[nodiscard]] bool empty() const { return attacks_.empty(); }
  /// Null for the honest.
  [[nodiscard]] const Attack* attack_of(sim::ClientId client) const;
  /// Ascending.
  [[nodiscard]] std::vector<sim::ClientId> clients() const;

 private:
  std::unordered_map<std::uint32_t, Attack> attacks_;
};

/// What an attacker that trains sends instead of `honest`, the result of this job.
model::TrainResult corrupt(const Attack& attack, const model::TrainJob& job,
                           model::TrainResult honest);

/// What a free rider sends for a job of this size.
model::TrainResult free_ride(const Attack& attack, const model::TrainJob& job,
                             const model::JobSize& size);

}  // namespace lorafleet::strategy
