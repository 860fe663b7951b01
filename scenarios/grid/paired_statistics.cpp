#include "scenarios/grid/paired_statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace lorafleet::scenarios {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

boost::math::students_t t_of(std::size_t pairs) {
  return boost::math::students_t(static_cast<double>(pairs - 1));
}

double standard_error(const PairedResult& result) {
  return result.deviation / std::sqrt(static_cast<double>(result.pairs));
}

/// P(T >= distance / standard error); where the error is 0, what that tends to.
double upper_tail(const PairedResult& result, double distance) {
  const double error = standard_error(result);
  if (error == 0.0) return distance > 0.0 ? 0.0 : 1.0;
  return cdf(complement(t_of(result.pairs), distance / error));
}

}  // namespace

PairedResult paired_result(const std::vector<double>& differences) {
  PairedResult result;
  result.pairs = differences.size();
  const auto count = static_cast<double>(result.pairs);
  result.mean = std::accumulate(differences.begin(), differences.end(), 0.0) / count;
  result.low = -kInfinity;
  result.high = kInfinity;
  result.detectable = kInfinity;
  result.effect = std::numeric_limits<double>::quiet_NaN();
  if (result.pairs < 2) return result;
  double squares = 0.0;
  for (const double difference : differences)
    squares += (difference - result.mean) * (difference - result.mean);
  result.deviation = std::sqrt(squares / (count - 1.0));
  const double half =
      quantile(complement(t_of(result.pairs), kSignificance / 2.0)) * standard_error(result);
  result.low = result.mean - half;
  result.high = result.mean + half;
  result.effect = result.mean / result.deviation;
  result.detectable = detectable_effect(result.pairs) * result.deviation;
  return result;
}

double p_of_zero(const PairedResult& result) {
  if (result.pairs < 2) return 1.0;
  return std::min(1.0, 2.0 * upper_tail(result, std::abs(result.mean)));
}

MarginP p_of_margin(const PairedResult& result, double margin) {
  if (result.pairs < 2) return {};
  const double size = std::abs(result.mean);
  return {std::min(1.0, 2.0 * upper_tail(result, margin - size)),
          std::min(1.0, 2.0 * upper_tail(result, size - margin))};
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto left = static_cast<double>(p.size() - i);
    largest = std::max(largest, std::min(1.0, left * p[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

double detectable_effect(std::size_t pairs) {
  if (pairs < 2) return kInfinity;
  const double freedom = static_cast<double>(pairs - 1);
  const double critical = quantile(complement(t_of(pairs), kSignificance / 2.0));
  const auto missing_power = [&](double shift) {
    return cdf(complement(boost::math::non_central_t(freedom, shift), critical)) - kPower;
  };
  constexpr double kLargest = 200.0;
  const auto [below, above] = boost::math::tools::bisect(
      missing_power, 0.0, kLargest, [](double a, double b) { return b - a < 1e-9; });
  return (below + above) / 2.0 / std::sqrt(static_cast<double>(pairs));
}

}  // namespace lorafleet::scenarios
