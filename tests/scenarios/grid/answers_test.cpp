#include "scenarios/grid/answers.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/scenarios/grid/sweep_folder.hpp"

namespace lorafleet {
namespace {

using scenarios::Finding;
using scenarios::SweepRun;
using scenarios::SweepRuns;
using tests::SweepFolder;

constexpr const char* kCases =
    "seeds = [1, 2, 3, 4]\n[[cases]]\nname = \"even\"\nset = { \"lora.r\" = 2 }\n"
    "[[cases]]\nname = \"skewed\"\nset = { \"lora.r\" = 4 }\n";

SweepRuns runs_of(const std::string& figure, const std::vector<std::vector<double>>& values) {
  SweepRuns runs;
  for (const auto& of_case : values) {
    runs.emplace_back();
    for (const double value : of_case)
      runs.back().push_back({"completed", "", "", {{figure, value}}});
  }
  return runs;
}

std::string question(const std::string& rest) {
  return std::string(kCases) +
         "[[questions]]\nclaim = \"skew harms\"\nof = \"skewed\"\nagainst = \"even\"\n" + rest;
}

TEST_CASE("a claim is supported, contradicted or undecided by differences within seeds") {
  SweepFolder folder;
  const auto answer = [&](const std::string& rest, const std::vector<std::vector<double>>& values) {
    const auto sweep = folder.read(question("figure = \"x\"\n" + rest));
    return scenarios::answer_all(sweep, runs_of("x", values)).at(0);
  };
  // Seeds differ by far more than the cases do: only pairs can see it.
  const std::vector<std::vector<double>> values = {{10, 20, 30, 40}, {11.1, 20.9, 31.0, 41.2}};
  const auto higher = answer("expect = \"higher\"", values);
  CHECK(higher.finding == Finding::supported);
  CHECK(higher.result.mean == doctest::Approx(1.05));
  CHECK(higher.of == doctest::Approx(26.05));
  CHECK(higher.differences.at(1) == doctest::Approx(0.9));
  CHECK(answer("expect = \"lower\"", values).finding == Finding::contradicted);
  CHECK(answer("expect = \"different\"", values).finding == Finding::supported);
  CHECK(answer("expect = \"same\"\nwithin = 2", values).finding == Finding::supported);
  CHECK(answer("expect = \"same\"\nwithin = 0.5", values).finding == Finding::contradicted);
  CHECK(answer("expect = \"same\"\nwithin = 1.1", values).finding == Finding::undecided);
  const auto chance = answer("expect = \"higher\"", {{1, 2, 3, 4}, {3, 0, 5, 3}});
  CHECK(chance.finding == Finding::undecided);
  CHECK(chance.reason.empty());
}

TEST_CASE("a ratio is a difference of logarithms") {
  SweepFolder folder;
  const auto sweep =
      folder.read(question("figure = \"x\"\nscale = \"ratio\"\nexpect = \"higher\""));
  const auto runs = runs_of("x", {{1, 10, 100, 1000}, {2, 20.2, 199, 2010}});
  const auto answer = scenarios::answer_all(sweep, runs).at(0);
  CHECK(scenarios::shown(sweep.questions[0], answer.result.mean) ==
        doctest::Approx(2.0).epsilon(0.01));
  CHECK(answer.finding == Finding::supported);
  CHECK(scenarios::answer_all(sweep, runs_of("x", {{1, 0, 2, 3}, {2, 3, 3, 3}})).at(0).reason ==
        "a ratio of numbers that are not above 0");
}

TEST_CASE("a difference of differences takes off the effect on another figure or elsewhere") {
  SweepFolder folder;
  const auto sweep = folder.read(
      question("figure = \"global\"\nexpect = \"higher\"\nthan = { figure = \"local\" }"));
  SweepRuns runs = runs_of("global", {{10, 20, 30, 40}, {13, 23.1, 33.1, 43}});
  const std::vector<std::vector<double>> local = {{1, 2, 3, 4}, {2.1, 3, 4, 5.1}};
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t s = 0; s < 4; ++s)
      runs[c][s].figures["local"] = local[c][s];
  }
  const auto answer = scenarios::answer_all(sweep, runs).at(0);
  CHECK(answer.differences.at(0) == doctest::Approx(3.0 - 1.1));
  CHECK(answer.finding == Finding::supported);
  CHECK(scenarios::contrast_text(sweep.questions[0]) ==
        "global: skewed - even; minus local: skewed - even");

  const auto interaction = folder.read(
      "seeds = [1, 2]\n[axes]\n\"lora.r\" = [2, 4]\n\"train.lr\" = [0.1, 0.2]\n"
      "[[questions]]\nclaim = \"rank matters more at a high rate\"\nfigure = \"x\"\n"
      "of = { \"lora.r\" = 4 }\nagainst = { \"lora.r\" = 2 }\nwhere = { \"train.lr\" = 0.2 }\n"
      "than = { where = { \"train.lr\" = 0.1 } }\nexpect = \"different\"\n");
  const auto& asked = interaction.questions.at(0);
  CHECK(asked.effect.of.points == std::vector<std::size_t>{3});
  CHECK(asked.effect.against.points == std::vector<std::size_t>{1});
  CHECK(asked.than->of.points == std::vector<std::size_t>{2});
  CHECK(asked.than->against.points == std::vector<std::size_t>{0});
}

TEST_CASE("axes that a question does not name are averaged over, within each seed") {
  SweepFolder folder;
  const auto sweep = folder.read(
      "seeds = [1, 2]\n[axes]\n\"lora.r\" = [2, 4]\n\"train.lr\" = [0.1, 0.2]\n"
      "[[questions]]\nclaim = \"rank\"\nfigure = \"x\"\nof = { \"lora.r\" = 4 }\n"
      "against = { \"lora.r\" = 2 }\nexpect = \"higher\"\n");
  const auto answer =
      scenarios::answer_all(sweep, runs_of("x", {{1, 1}, {3, 3}, {4, 5}, {6, 8}})).at(0);
  CHECK(answer.differences == std::vector<double>{3.0, 4.5});
}

TEST_CASE("with many questions p is corrected for their number") {
  SweepFolder folder;
  std::string text = kCases;
  for (int i = 0; i < 5; ++i) {
    text += "[[questions]]\nclaim = \"" + std::to_string(i) +
            "\"\nfigure = \"x\"\nof = \"skewed\"\nagainst = \"even\"\nexpect = \"higher\"\n";
  }
  const std::vector<std::vector<double>> values = {{10, 20, 30, 40}, {11.4, 20.4, 30.6, 40.9}};
  const auto many = scenarios::answer_all(folder.read(text), runs_of("x", values));
  CHECK(many.at(0).p < 0.05);
  CHECK(many.at(0).p_holm == doctest::Approx(5.0 * many.at(0).p));
  CHECK(many.at(0).finding == Finding::undecided);
}

TEST_CASE("seeds that lack a run are left out, figures that some runs lack decide nothing") {
  SweepFolder folder;
  const auto sweep = folder.read(question("figure = \"x\"\nexpect = \"higher\""));
  auto runs = runs_of("x", {{10, 20, 30, 40}, {11.1, 20.9, 31.0, 41.2}});
  runs[0][1] = {"failed", "error: disk", "", {}};
  const auto three = scenarios::answer_all(sweep, runs).at(0);
  CHECK(three.seeds == std::vector<std::int64_t>{1, 3, 4});
  CHECK(three.finding == Finding::supported);
  runs[1][3].figures = {{"y", 1.0}};
  const auto unfair = scenarios::answer_all(sweep, runs).at(0);
  CHECK(unfair.finding == Finding::undecided);
  CHECK(unfair.reason == "1 complete runs have no x: those that have it are no fair sample");
  CHECK(scenarios::answer_all(sweep, runs_of("y", {{1, 1, 1, 1}, {1, 1, 1, 1}})).at(0).reason ==
        "no run has x");
  CHECK(scenarios::answer_all(sweep, SweepRuns(2, std::vector<SweepRun>(4))).at(0).finding ==
        Finding::undecided);
}

TEST_CASE("answers stand in sweep.json and are told with their method") {
  SweepFolder folder;
  const auto sweep = folder.read(question("figure = \"x\"\nexpect = \"higher\""));
  const auto runs = runs_of("x", {{10, 20, 30, 40}, {11.1, 20.9, 31.0, 41.2}});
  const auto json = nlohmann::json::parse(scenarios::sweep_json(sweep, runs)).at("questions").at(0);
  CHECK(json.at("answer") == "supported");
  CHECK(json.at("estimate").get<double>() == doctest::Approx(1.05));
  CHECK(json.at("by_seed").size() == 4);
  CHECK(json.at("low").get<double>() < json.at("estimate").get<double>());
  const auto text = scenarios::answers_text(sweep, scenarios::answer_all(sweep, runs));
  CHECK(text.starts_with("supported: skew harms\n  x: skewed - even\n  difference 1.05, 95 % "));
  CHECK(text.find("corrected for 1 question (Holm)") != text.npos);
}

TEST_CASE("errors of questions name the place, the key and what is allowed") {
  SweepFolder folder;
  const auto check = [&](const std::string& text, const std::string& part) {
    const std::string error = folder.error(text);
    INFO(error);
    CHECK(error.find(part) != error.npos);
  };
  const std::string good = "figure = \"x\"\nexpect = \"higher\"\n";
  check("questions = 1", "sweep.toml:2:13: questions: must be an array of tables");
  check(question("figure = \"x\""), "questions.expect: is missing");
  check(question("expect = \"higher\""), "questions.figure: is missing: a key of summary.json");
  check(question(good + "scala = 1"), "questions.scala: unknown key; allowed: claim, figure");
  check(question("figure = \"x\"\nexpect = \"hihger\""), "did you mean higher?");
  check(question("figure = \"x\"\nexpect = \"same\""), "questions.within: is missing");
  check(question(good + "within = 1"), "allowed: only with expect = \"same\"");
  check(question("figure = \"x\"\nexpect = \"same\"\nwithin = -1"), "must be a number above 0");
  const std::string start = std::string(kCases) + "[[questions]]\nclaim = \"c\"\n" + good;
  check(start + "of = \"skew\"\nagainst = \"even\"",
        "questions.of: there is no case \"skew\"; allowed: even, skewed; did you mean");
  check(start + "of = \"even\"\nagainst = \"even\"", "compares even with itself");
  check(start + "of = { \"lora.q\" = 1 }\nagainst = \"even\"",
        "no axis and no case sets \"lora.q\"; allowed: lora.r");
  check(start + "of = { \"lora.r\" = 3 }\nagainst = \"even\"",
        "no run has lora.r = 3; allowed: 2, 4");
  check(start + "of = { case = \"even\", \"lora.r\" = 4 }\nagainst = \"even\"",
        "no point of the grid has all of this: even, lora.r=4");
  check(std::string(kCases) + "[axes]\n\"train.lr\" = [0.1, 0.2]\n[[questions]]\nclaim = \"c\"\n" +
            good + "of = { case = \"even\", \"train.lr\" = 0.1 }\nagainst = \"skewed\"",
        "compares 1 points of the grid (even, train.lr=0.1) with 2 (skewed)");
}

TEST_CASE("several figures make several questions, and sides may name their own") {
  SweepFolder folder;
  const auto both = folder.read(question("figure = [\"x\", \"y\"]\nexpect = \"higher\""));
  REQUIRE(both.questions.size() == 2);
  CHECK(both.questions[1].claim == "skew harms (y)");
  const auto sides = folder.read(std::string(kCases) +
                                 "[[questions]]\nclaim = \"c\"\nexpect = \"lower\"\n"
                                 "of = { case = \"even\", figure = \"local\" }\n"
                                 "against = { case = \"even\", figure = \"global\" }\n");
  CHECK(scenarios::contrast_text(sides.questions.at(0)) == "local of even - global of even");
}

}  // namespace
}  // namespace lorafleet
