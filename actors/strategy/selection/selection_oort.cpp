#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <unordered_map>

#include "actors/strategy/selection/selection.hpp"
#include "actors/strategy/selection/weighted_sampling.hpp"

namespace lorafleet::strategy {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array kArmNames = {"client", "utility", "round", "seconds", "updates"};
constexpr const char* kPacerName = "pacer";

/// What is known about a client that has sent an update.
struct Arm {
  double utility = 0.0;
  double round = 1.0;  ///< L_i
  double seconds = 0.0;
  double updates = 0.0;
};

/// How far T has been relaxed, and the utility of this window of versions and of the one before.
struct Pacer {
  double steps = 0.0;
  double window = 0.0;
  double current = 0.0;
  double previous = -1.0;  ///< negative: there was none
};

OortConfig checked(const OortConfig& config) {
  OortConfig::kShare.require("clients.oort.exploration", config.exploration);
  OortConfig::kShare.require("clients.oort.exploration_decay", config.exploration_decay);
  OortConfig::kShare.require("clients.oort.exploration_min", config.exploration_min);
  OortConfig::kShare.require("clients.oort.cutoff", config.cutoff);
  OortConfig::kShare.require("clients.oort.clip", config.clip);
  OortConfig::kShare.require("clients.oort.preferred_quantile", config.preferred_quantile);
  OortConfig::kShare.require("clients.oort.quantile_step", config.quantile_step);
  OortConfig::kAlpha.require("clients.oort.alpha", config.alpha);
  OortConfig::kStepSeconds.require("clients.oort.step_seconds", config.step_seconds);
  OortConfig::kWindow.require("clients.oort.window", config.window);
  OortConfig::kMostPicks.require("clients.oort.most_picks", config.most_picks);
  return config;
}

/// The one at place floor(q n), at most the last, in rising order.
double ranked(std::vector<double> values, double q) {
  const auto place =
      std::min(static_cast<std::size_t>(q * static_cast<double>(values.size())), values.size() - 1);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// Oort (Lai et al., OSDI 2021, arXiv 2010.06081, algorithm 1). With R = version + 1 the round,
/// n_i the client's examples, and of the latest update of client i: l_i its mean training loss,
/// L_i the round it was trained from, t_i its seconds:
///
///     U_i     = n_i l_i                                                      statistical utility
///     score_i = (min(U_i, c) / c + sqrt(0.1 ln R / L_i)) (T / t_i)^alpha     last factor: t_i > T
///
/// c is the `clip` quantile of the U of the explored candidates. A share epsilon = max(
/// exploration_min, exploration * exploration_decay^version) of `count`, rounded at random to the
/// whole number below or above so that its mean is exact, explores: clients that never sent an
/// update, without replacement by speed (1 / expected seconds). The other k exploit: candidates
/// with a score of at least `cutoff` times the k-th highest are drawn by score, without
/// replacement. Where there are too few of one kind, the other fills the places.
///
/// T, the preferred duration, is the quantile preferred_quantile of all known t_i, or, with
/// step_seconds above 0, T = step_seconds. The pacer looks at it at the end of each window of
/// `window` versions: if the updates of the window brought a smaller sum of U than those of the
/// window before, the quantile rises by quantile_step, or T by step_seconds.
///
/// most_picks above 0: a client with that many updates is only chosen where no other is left.
///
/// Differences to the paper: the utility there is |B| sqrt(sum of squared losses / |B|), of the
/// examples one by one; a job here reports its mean, so U is a lower bound of it (equal where all
/// examples have the same loss). U is divided by its clipping bound: in the sum of the paper's
/// algorithm the second term has no unit. (The authors' code scales U to between 0 and 1, too, and
/// takes T as a quantile and the windows one after the other, as here.) A job without an update
/// changes nothing. O(candidates) a choice.
class Oort final : public Selection {
 public:
  explicit Oort(const ClientsConfig& clients) : config_(checked(clients.oort)) {}

  std::vector<sim::ClientId> choose(std::span<const sim::ClientId> candidates, std::size_t count,
                                    Random& random, const SelectionView& view) override {
    turn_windows(view.version());
    std::vector<sim::ClientId> explored;
    std::vector<sim::ClientId> unexplored;
    std::vector<sim::ClientId> spared;
    for (const auto client : candidates) {
      const auto found = arms_.find(client.value);
      if (found == arms_.end()) {
        unexplored.push_back(client);
      } else if (config_.most_picks > 0 &&
                 found->second.updates >= static_cast<double>(config_.most_picks)) {
        spared.push_back(client);
      } else {
        explored.push_back(client);
      }
    }

    const auto known = std::min(explored.size(), count);
    const auto fresh = std::min(unexplored.size(), count);
    std::size_t exploring = std::min(explorers(count, view.version(), random), fresh);
    std::size_t exploiting = std::min(count - exploring, known);
    exploring = std::min(count - exploiting, fresh);

    auto chosen = exploit(explored, exploiting, random, view.version());
    append(chosen, explore(unexplored, exploring, random, view));
    const auto even = [](sim::ClientId) { return 1.0; };
    append(chosen, weighted_sample(spared, count - chosen.size(), random, even, 1.0));
    return chosen;
  }

  void observe(const Outcome& outcome) override {
    if (!outcome.loss || !std::isfinite(*outcome.loss)) return;
    Arm& arm = arms_[outcome.id.client.value];
    arm.utility = static_cast<double>(outcome.examples) * std::max(*outcome.loss, 0.0);
    arm.round = static_cast<double>(outcome.version.value) + 1.0;
    arm.seconds = outcome.seconds;
    arm.updates += 1.0;
    pacer_.current += arm.utility;
  }

  [[nodiscard]] NamedVectors state() const override {
    NamedVectors state;
    for (const char* name : kArmNames)
      state.emplace_back(name, std::vector<double>{});
    for (const auto& [client, arm] : std::map(arms_.begin(), arms_.end())) {
      const std::array row = {static_cast<double>(client), arm.utility, arm.round, arm.seconds,
                              arm.updates};
      for (std::size_t i = 0; i < row.size(); ++i)
        state[i].second.push_back(row[i]);
    }
    state.emplace_back(kPacerName,
                       std::vector{pacer_.steps, pacer_.window, pacer_.current, pacer_.previous});
    return state;
  }

  void restore(const NamedVectors& state) override {
    bool fits = state.size() == kArmNames.size() + 1 && state.back().first == kPacerName &&
                state.back().second.size() == 4;
    for (std::size_t i = 0; fits && i < kArmNames.size(); ++i) {
      fits = state[i].first == kArmNames[i] && state[i].second.size() == state[0].second.size();
    }
    if (!fits) throw std::invalid_argument("the state is not of oort");
    arms_.clear();
    for (std::size_t i = 0; i < state[0].second.size(); ++i) {
      arms_[static_cast<std::uint32_t>(state[0].second[i])] = {
          state[1].second[i], state[2].second[i], state[3].second[i], state[4].second[i]};
    }
    const auto& pacer = state.back().second;
    pacer_ = {pacer[0], pacer[1], pacer[2], pacer[3]};
  }

 private:
  static void append(std::vector<sim::ClientId>& to, const std::vector<sim::ClientId>& more) {
    to.insert(to.end(), more.begin(), more.end());
  }

  void turn_windows(sim::Version version) {
    const double window =
        std::floor(static_cast<double>(version.value) / static_cast<double>(config_.window));
    while (pacer_.window < window) {
      if (pacer_.previous > pacer_.current) pacer_.steps += 1.0;
      pacer_.previous = pacer_.current;
      pacer_.current = 0.0;
      pacer_.window += 1.0;
    }
  }

  /// How many of `count` explore: the mean is exactly epsilon * count.
  std::size_t explorers(std::size_t count, sim::Version version, Random& random) const {
    const double decayed = config_.exploration *
                           std::pow(config_.exploration_decay, static_cast<double>(version.value));
    const double wanted = std::max(decayed, config_.exploration_min) * static_cast<double>(count);
    return static_cast<std::size_t>(wanted + random.uniform());
  }

  /// T.
  [[nodiscard]] double preferred_seconds() const {
    if (config_.step_seconds > 0.0) return config_.step_seconds * (1.0 + pacer_.steps);
    const double q = config_.preferred_quantile + pacer_.steps * config_.quantile_step;
    if (q >= 1.0 || arms_.empty()) return kInfinity;
    std::vector<double> seconds;
    seconds.reserve(arms_.size());
    for (const auto& [client, arm] : arms_)
      seconds.push_back(arm.seconds);
    return ranked(std::move(seconds), q);
  }

  [[nodiscard]] std::vector<double> scores(std::span<const sim::ClientId> explored,
                                           sim::Version version) const {
    std::vector<double> utilities;
    for (const auto client : explored)
      utilities.push_back(arms_.at(client.value).utility);
    const double bound = ranked(utilities, config_.clip);
    const double preferred = preferred_seconds();
    const double log_round = std::log(static_cast<double>(version.value) + 1.0);
    std::vector<double> scores;
    for (const auto client : explored) {
      const Arm& arm = arms_.at(client.value);
      double score = bound > 0.0 ? std::min(arm.utility, bound) / bound : 0.0;
      score += std::sqrt(0.1 * log_round / arm.round);
      if (arm.seconds > preferred) score *= std::pow(preferred / arm.seconds, config_.alpha);
      scores.push_back(score);
    }
    return scores;
  }

  [[nodiscard]] std::vector<sim::ClientId> exploit(std::span<const sim::ClientId> explored,
                                                   std::size_t count, Random& random,
                                                   sim::Version version) const {
    if (count == 0) return {};
    const auto own = scores(explored, version);
    auto ranked = own;
    const auto kth = ranked.begin() + static_cast<std::ptrdiff_t>(count - 1);
    std::nth_element(ranked.begin(), kth, ranked.end(), std::greater<>());
    const double least = config_.cutoff * *kth;
    std::vector<sim::ClientId> admitted;
    std::unordered_map<std::uint32_t, double> score_of;
    for (std::size_t i = 0; i < explored.size(); ++i) {
      if (own[i] < least) continue;
      admitted.push_back(explored[i]);
      score_of[explored[i].value] = own[i];
    }
    const double most = *std::max_element(own.begin(), own.end());
    return weighted_sample(
        admitted, count, random, [&](sim::ClientId client) { return score_of.at(client.value); },
        most);
  }

  [[nodiscard]] static std::vector<sim::ClientId> explore(std::span<const sim::ClientId> unexplored,
                                                          std::size_t count, Random& random,
                                                          const SelectionView& view) {
    if (count == 0) return {};
    const auto speed = [&](sim::ClientId client) {
      return 1.0 / std::max(view.expected_seconds(client), 1e-6);
    };
    double most = 0.0;
    for (const auto client : unexplored)
      most = std::max(most, speed(client));
    return weighted_sample(unexplored, count, random, speed, most);
  }

  OortConfig config_;
  std::unordered_map<std::uint32_t, Arm> arms_;
  Pacer pacer_;
};

}  // namespace

SelectionEntry oort() {
  return {.name = "oort",
          .keys = {"clients.oort"},
          .make = [](const ClientsConfig& clients) -> std::unique_ptr<Selection> {
            return std::make_unique<Oort>(clients);
          }};
}

}  // namespace lorafleet::strategy
