#include "actors/sim/distribution.hpp"

#include <cmath>

namespace lorafleet::sim {

double Distribution::draw(Random& random) const {
  switch (kind) {
    case Kind::constant:
      return first;
    case Kind::uniform:
      return random.uniform(first, second);
    case Kind::lognormal:
      return first * std::exp(second * random.normal());
    case Kind::pareto:
      return first * std::pow(1.0 - random.uniform(), -1.0 / second);
  }
  return first;
}

}  // namespace lorafleet::sim
