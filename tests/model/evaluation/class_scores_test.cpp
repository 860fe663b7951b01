#include <doctest/doctest.h>

#include <cmath>

#include "model/evaluation/evaluation.hpp"

using namespace lorafleet::model;

TEST_CASE("F1 of two classes is that of the second, by hand") {
  // 5 examples of class 1, of which 3 were found; 2 of class 0 were taken for 1.
  Score score;
  score.classes = {{4, 4, 2}, {5, 5, 3}};
  CHECK(score.f1() == doctest::Approx(0.6));
  score.classes = {{4, 4, 4}, {0, 0, 0}};
  CHECK(score.f1() == 0.0);
}

TEST_CASE("F1 of more classes is the mean over those that occur") {
  Score score;
  score.classes = {
      {2, 2, 2}, {4, 2, 2}, {0, 2, 0}, {0, 0, 0}};  // 1, 2/3, 0, and one that is not there
  CHECK(score.f1() == doctest::Approx((1.0 + 2.0 / 3.0 + 0.0) / 3.0));
}

TEST_CASE("Matthews' correlation of two classes and of three, by hand") {
  Score score;
  score.classes = {{4, 4, 2}, {5, 5, 3}};  // (3 * 2 - 2 * 2) / sqrt(5 * 5 * 4 * 4)
  CHECK(score.matthews() == doctest::Approx(0.1));
  score.classes = {{4, 4, 4}, {5, 5, 5}};
  CHECK(score.matthews() == doctest::Approx(1.0));
  score.classes = {{4, 5, 0}, {5, 4, 0}};
  CHECK(score.matthews() == doctest::Approx(-1.0));
  score.classes = {{4, 9, 4}, {5, 0, 0}};
  CHECK(score.matthews() == 0.0);
  // Labels 0 1 2 2 1, answers 0 2 2 2 1: (4 * 5 - 9) / sqrt((25 - 9) (25 - 11)).
  score.classes = {{1, 1, 1}, {2, 1, 1}, {2, 3, 2}};
  CHECK(score.matthews() == doctest::Approx(11.0 / std::sqrt(16.0 * 14.0)));
}

TEST_CASE("the class of a single example is the one that was chosen") {
  Score score;
  score.classes = {{1, 0, 0}, {0, 0, 0}, {0, 1, 0}};
  CHECK(score.chosen_class() == 2);
}

TEST_CASE("scores of examples add up to one score, not to a mean of F1s") {
  Score one;
  one.examples = one.label_tokens = 1;
  one.correct = 1;
  one.classes = {{0, 0, 0}, {1, 1, 1}};
  Score other = one;
  other.correct = 0;
  other.classes = {{1, 0, 0}, {0, 1, 0}};
  Score total;
  CHECK_FALSE(total.of_classifier());
  total += one;
  total += other;
  CHECK(total.of_classifier());
  CHECK(total.accuracy() == 0.5);
  CHECK(total.f1() == doctest::Approx(2.0 / 3.0));
}
