#include "actors/strategy/selection.hpp"

#include <stdexcept>

#include "actors/strategy/selections.hpp"

namespace lorafleet::strategy {
namespace {

class NothingKnown final : public SelectionView {
 public:
  [[nodiscard]] std::int64_t examples(sim::ClientId /*client*/) const override { refuse(); }
  [[nodiscard]] std::int64_t most_examples() const override { refuse(); }
  [[nodiscard]] double expected_seconds(sim::ClientId /*client*/) const override { refuse(); }
  [[nodiscard]] sim::Version version() const override { refuse(); }
  [[nodiscard]] sim::VirtualTime now() const override { refuse(); }

 private:
  [[noreturn]] static void refuse() {
    throw std::logic_error("this selection needs to know about the clients");
  }
};

}  // namespace

std::vector<sim::ClientId> Selection::choose(std::span<const sim::ClientId> candidates,
                                             std::size_t count, Random& random) {
  return choose(candidates, count, random, NothingKnown{});
}

void Selection::restore(const NamedVectors& state) {
  if (!state.empty()) throw std::invalid_argument("the state is not of this selection");
}

const Registry<Selection, ClientsConfig>& selections() {
  static const Registry<Selection, ClientsConfig> registry(
      "clients.selection", {{"uniform", make_uniform},
                            {"weighted", make_weighted},
                            {"round_robin", make_round_robin},
                            {"oort", make_oort},
                            {"power_of_choice", make_power_of_choice}});
  return registry;
}

}  // namespace lorafleet::strategy
