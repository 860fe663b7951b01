#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "actors/strategy/selection/selection.hpp"
#include "actors/strategy/selection/weighted_sampling.hpp"

namespace lorafleet::strategy {
namespace {

/// Power-of-choice (Cho et al., arXiv 2010.01243), in the variant rpow-d, which costs no messages:
/// draws max(power_d, count) candidates as `weighted` does and takes the `count` of them whose
/// latest reported training loss is largest. Who never sent one counts as infinite; equal ones in
/// the order drawn.
class PowerOfChoice final : public Selection {
 public:
  explicit PowerOfChoice(const ClientsConfig& clients) {
    ClientsConfig::kPowerD.require("clients.power_d", clients.power_d);
    drawn_ = static_cast<std::size_t>(clients.power_d);
  }

  std::vector<sim::ClientId> choose(std::span<const sim::ClientId> candidates, std::size_t count,
                                    Random& random, const SelectionView& view) override {
    const std::size_t drawn = std::min(std::max(drawn_, count), candidates.size());
    auto clients = weighted_sample(
        candidates, drawn, random,
        [&](sim::ClientId client) { return static_cast<double>(view.examples(client)); },
        static_cast<double>(view.most_examples()));
    std::stable_sort(clients.begin(), clients.end(), [this](sim::ClientId a, sim::ClientId b) {
      return latest_loss(a) > latest_loss(b);
    });
    clients.resize(count);
    return clients;
  }

  void observe(const Outcome& outcome) override {
    if (outcome.loss && std::isfinite(*outcome.loss)) {
      losses_[outcome.id.client.value] = *outcome.loss;
    }
  }

  [[nodiscard]] NamedVectors state() const override {
    NamedVectors state{{"client", {}}, {"loss", {}}};
    for (const auto& [client, loss] : losses_) {
      state[0].second.push_back(client);
      state[1].second.push_back(loss);
    }
    return state;
  }
  void restore(const NamedVectors& state) override {
    if (state.size() != 2 || state[0].first != "client" || state[1].first != "loss" ||
        state[0].second.size() != state[1].second.size()) {
      throw std::invalid_argument("the state is not of power_of_choice");
    }
    losses_.clear();
    for (std::size_t i = 0; i < state[0].second.size(); ++i) {
      losses_[static_cast<std::uint32_t>(state[0].second[i])] = state[1].second[i];
    }
  }

 private:
  [[nodiscard]] double latest_loss(sim::ClientId client) const {
    const auto found = losses_.find(client.value);
    return found == losses_.end() ? std::numeric_limits<double>::infinity() : found->second;
  }

  std::size_t drawn_;
  std::map<std::uint32_t, double> losses_;  ///< of the clients that reported one
};

}  // namespace

SelectionEntry power_of_choice() {
  return {.name = "power_of_choice",
          .keys = {"clients.power_d"},
          .make = [](const ClientsConfig& clients) -> std::unique_ptr<Selection> {
            return std::make_unique<PowerOfChoice>(clients);
          }};
}

}  // namespace lorafleet::strategy
