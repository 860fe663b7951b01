#include <doctest/doctest.h>

#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet {
namespace {

using Lines = std::vector<std::string>;

const std::string kUnequal =
    "[lora]\nranks = [{ r = 4, share = 0.5 }, { r = 16, share = 0.5, lora_alpha = 32 }]\n";

TEST_CASE("unequal ranks are read, and the single rank is idle beside them") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(tests::ScenarioFolder::required() + kUnequal +
                                    "[aggregation]\nlora = \"product\"\nlora_split = \"b\"\n");
  const auto& ranks = scenario.federation.lora.ranks;
  REQUIRE(ranks.size() == 2);
  CHECK(ranks[0].r == 4);
  CHECK(ranks[1].share == 0.5);
  CHECK(ranks[1].lora_alpha == 32.0);
  CHECK(scenario.federation.aggregation.lora_split == "b");
  CHECK(scenario.warnings.empty());
  CHECK(tests::only_error(kUnequal + "r = 8\n[aggregation]\nlora = \"hlora\"\n") ==
        "scenario.toml:7:5: lora.r: cannot stand beside ranks; give only one of them");
}

TEST_CASE("a rule for equal ranks names those that take unequal ones in the mode") {
  CHECK(tests::only_error(kUnequal).ends_with(
      "aggregation.lora: \"fedit\" needs clients of equal rank and scale; allowed with unequal "
      "lora.ranks: flora, hetlora, hlora, flexlora, product"));
  CHECK(tests::only_error(kUnequal + "[aggregation]\nmode = \"fedbuff\"\nlora = \"ffa\"\n")
            .ends_with("allowed with unequal lora.ranks: flora, product"));
  const tests::ScenarioFolder folder;
  CHECK(folder
            .errors(tests::ScenarioFolder::required() +
                    "[lora]\nranks = [{ r = 4, share = 1 }, { r = 4, share = 2 }]\n")
            .empty());
}

TEST_CASE("ranks go by share or by tier") {
  const std::string tiers =
      "[devices]\ntiers = [{ name = \"fast\", tokens_per_second = 9 }, { name = \"slow\", "
      "tokens_per_second = 1 }]\n[aggregation]\nlora = \"hlora\"\n";
  const auto with = [&](const std::string& ranks) {
    return tests::only_error("[lora]\nranks = [" + ranks + "]\n" + tiers);
  };
  CHECK(with("{ r = 4, share = 1 }, { r = 8, tier = \"fast\" }")
            .ends_with("lora.ranks: entry 1 goes by tier, the first by share; allowed: all by the "
                       "same"));
  CHECK(with("{ r = 4, tier = \"fats\" }, { r = 8, tier = \"slow\" }")
            .ends_with("lora.ranks: there is no tier \"fats\"; allowed: fast, slow"));
  CHECK(with("{ r = 4, tier = \"fast\" }")
            .ends_with("lora.ranks: gives no rank to tier \"slow\"; allowed: one for each of fast, "
                       "slow"));
  CHECK(tests::only_error("[lora]\nranks = [{ r = 4, tier = \"fast\" }]\n")
            .ends_with("lora.ranks: there is no tier \"fast\"; allowed: none, for [devices] has no "
                       "tiers"));
  const tests::ScenarioFolder folder;
  CHECK(folder
            .errors(tests::ScenarioFolder::required() +
                    "[lora]\nranks = [{ r = 4, tier = "
                    "\"fast\" }, { r = 8, tier = \"slow\" }]\n" +
                    tiers)
            .empty());
}

TEST_CASE(
    "a rule that is not sound in a mode, or beside an optimiser, is refused with the reason") {
  CHECK(tests::only_error("[aggregation]\nmode = \"fedbuff\"\nlora = \"hlora\"\n")
            .ends_with("\"product\" does that; modes that it works in: sync, fedasync; allowed "
                       "here: fedit, ffa, fedsa, rolora, flora, fedex, product"));
  for (const std::string rule : {"hlora", "flexlora", "hetlora"}) {
    const std::string lora = "[aggregation]\nlora = \"" + rule + "\"\n";
    const std::string error = tests::only_error(lora + "[clients]\nlate = \"carry_over\"\n");
    CHECK(error.find("aggregation.lora: \"" + rule +
                     "\" cannot work in mode sync with clients.late = \"carry_over\": ") !=
          std::string::npos);
    CHECK(
        error.ends_with("it works with clients.late = \"drop\"; allowed here: fedit, ffa, fedsa, "
                        "rolora, flora, fedex, product"));
    CHECK(tests::ScenarioFolder().errors(tests::ScenarioFolder::required() + lora).empty());
  }
  CHECK(tests::only_error("[aggregation]\nlora = \"product\"\nserver_optimizer = \"adam\"\n")
            .ends_with("moments of factors mean nothing; allowed: \"sgd\" with server_momentum 0"));
  CHECK(tests::only_error("[aggregation]\nlora = \"fedex\"\nserver_momentum = 0.9\n")
            .find("aggregation.server_optimizer: \"fedex\" folds products") != std::string::npos);
}

TEST_CASE("options of other rules have no effect and are warned of") {
  const tests::ScenarioFolder folder;
  const auto scenario =
      folder.read(tests::ScenarioFolder::required() +
                  "[aggregation]\nlora_split = \"b\"\nlora_reinit = \"initial\"\nhetlora_gamma = "
                  "0.5\nhetlora_weighting = \"weighting\"\nhetlora_lambda = 0.01\n");
  CHECK(scenario.warnings.size() == 5);
  CHECK(scenario.federation.aggregation.lora_split == "balanced");
}

}  // namespace
}  // namespace lorafleet
