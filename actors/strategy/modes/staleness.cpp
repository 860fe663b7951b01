#include "actors/strategy/modes/staleness.hpp"

#include <algorithm>
#include <cmath>

#include "partition/support/error.hpp"

namespace lorafleet::strategy {

std::vector<std::string> staleness_names() {
  return {"constant", "polynomial", "hinge"};
}

StalenessWeight::StalenessWeight(const StalenessConfig& config) : a_(config.a), b_(config.b) {
  const auto names = staleness_names();
  const auto found = std::find(names.begin(), names.end(), config.fn);
  if (found == names.end()) {
    throw InputError("aggregation.staleness.fn",
                     "\"" + config.fn + "\" is not known; known: " + join(names));
  }
  if (!(a_ >= 0.0) || !(b_ >= 0.0) || !std::isfinite(a_) || !std::isfinite(b_)) {
    throw InputError("aggregation.staleness", "a and b must be numbers of at least 0");
  }
  kind_ = static_cast<Kind>(found - names.begin());
}

double StalenessWeight::operator()(std::uint64_t staleness) const {
  const double tau = static_cast<double>(staleness);
  switch (kind_) {
    case Kind::constant:
      return 1.0;
    case Kind::polynomial:
      return std::pow(1.0 + tau, -a_);
    case Kind::hinge:
      return tau <= b_ ? 1.0 : 1.0 / (a_ * (tau - b_) + 1.0);
  }
  return 1.0;
}

}  // namespace lorafleet::strategy
