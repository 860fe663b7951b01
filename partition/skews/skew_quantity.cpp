#include "partition/skews/skew.hpp"

namespace lorafleet::partition {

std::vector<double> draw_quantity(const SkewConfig& config, std::size_t clients, Random random) {
  return random.dirichlet(config.alpha, clients);
}

}  // namespace lorafleet::partition
