#include "scenarios/grid/paired_statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

namespace lorafleet {
namespace {

using namespace scenarios;

// Known values: Gosset's own sleep data (Student, 1908: additional hours of sleep of ten patients
// under two drugs), as R prints them for t.test(extra ~ group, paired = TRUE).
TEST_CASE("the paired t of Student's sleep data is what the textbooks have") {
  const std::vector<double> differences = {1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};
  const auto result = paired_result(differences);
  CHECK(result.mean == doctest::Approx(1.58));
  CHECK(result.low == doctest::Approx(0.7001142).epsilon(1e-6));
  CHECK(result.high == doctest::Approx(2.4598858).epsilon(1e-6));
  CHECK(p_of_zero(result) == doctest::Approx(0.002832890).epsilon(1e-6));
  CHECK(result.effect == doctest::Approx(4.0621277 / std::sqrt(10.0)).epsilon(1e-6));
}

TEST_CASE("two pairs are Cauchy's: t of one degree of freedom has a closed form") {
  const auto result = paired_result({1.0, 3.0});  // t = 2 / (sqrt(2) / sqrt(2)) = 2
  CHECK(result.mean == 2.0);
  CHECK(p_of_zero(result) == doctest::Approx(1.0 - 2.0 / M_PI * std::atan(2.0)));
  CHECK(result.high - result.mean == doctest::Approx(std::tan(M_PI * 0.475)));
}

TEST_CASE("one pair has no interval, equal differences are certain") {
  const auto one = paired_result({1.0});
  CHECK(std::isinf(one.high));
  CHECK(p_of_zero(one) == 1.0);
  CHECK(p_of_margin(one, 5.0).within == 1.0);
  const auto equal = paired_result({2.0, 2.0, 2.0});
  CHECK(equal.low == 2.0);
  CHECK(p_of_zero(equal) == 0.0);
  CHECK(p_of_margin(equal, 3.0).within == 0.0);
  CHECK(p_of_margin(equal, 1.0).beyond == 0.0);
  CHECK(p_of_zero(paired_result({0.0, 0.0})) == 1.0);
}

TEST_CASE("within a margin means that the interval lies in it, beyond that it lies outside") {
  const auto result = paired_result({1.2, 0.8, 1.5, 0.9, 1.1});
  CHECK(p_of_margin(result, result.high).within == doctest::Approx(kSignificance));
  CHECK(p_of_margin(result, result.high * 1.01).within < kSignificance);
  CHECK(p_of_margin(result, result.low).beyond == doctest::Approx(kSignificance));
  CHECK(p_of_margin(result, result.low * 0.99).beyond < kSignificance);
}

TEST_CASE("Holm's correction steps down, never decreases and ends at 1") {
  // Sorted: 0.005 * 4, 0.01 * 3, 0.03 * 2, 0.04 * 1 -> at least the one before.
  const auto adjusted = holm({0.01, 0.04, 0.03, 0.005});
  CHECK(adjusted[3] == doctest::Approx(0.02));
  CHECK(adjusted[0] == doctest::Approx(0.03));
  CHECK(adjusted[2] == doctest::Approx(0.06));
  CHECK(adjusted[1] == doctest::Approx(0.06));
  CHECK(holm({0.9, 0.8}) == std::vector<double>{1.0, 1.0});
  CHECK(holm({}).empty());
}

// Cohen (1988), and every power table since.
TEST_CASE("the detectable effect is that of the power tables") {
  CHECK(detectable_effect(10) == doctest::Approx(0.996).epsilon(1e-3));
  CHECK(detectable_effect(34) == doctest::Approx(0.495).epsilon(1e-3));
  CHECK(std::isinf(detectable_effect(1)));
}

TEST_CASE("of many studies of chance with five seeds one in twenty is significant") {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  constexpr int kStudies = 3000;
  int significant = 0;
  int seen = 0;
  const double effect = detectable_effect(5);
  for (int study = 0; study < kStudies; ++study) {
    std::vector<double> differences(5);
    for (double& difference : differences)
      difference = normal(random);
    significant += p_of_zero(paired_result(differences)) < kSignificance ? 1 : 0;
    for (double& difference : differences)
      difference += effect;
    seen += p_of_zero(paired_result(differences)) < kSignificance ? 1 : 0;
  }
  CHECK(std::abs(significant / double{kStudies} - kSignificance) < 0.015);
  CHECK(std::abs(seen / double{kStudies} - kPower) < 0.03);
}

}  // namespace
}  // namespace lorafleet
