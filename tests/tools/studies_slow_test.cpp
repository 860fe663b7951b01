#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/program.hpp"

namespace lorafleet {

TEST_CASE("a quick study runs whole, answers its questions and says what it cannot tell") {
  const tests::TemporaryFolder folder;
  const auto study = tests::source_folder() / "scenarios" / "studies" / "cllora.toml";
  const std::string out = (folder / "out").string();
  std::vector<std::string> arguments = {"sweep", study.string(), "--quick", "--out", out};
  for (const char* set :
       {"stop.versions=2", "train.steps=1", "train.batch_tokens=128", "evaluation.max_examples=8",
        "evaluation.local_clients=2", "evaluation.local_alone_jobs=1"})
    arguments.insert(arguments.end(), {"--set", set});
  const auto ran = tests::run_program(arguments);
  REQUIRE_MESSAGE(ran.status == 0, ran.err);
  CHECK(ran.err.find("15 runs, ") != std::string::npos);
  CHECK(ran.out.find("quick: 5 of 14 points of the grid, 3 of 10 seeds") != std::string::npos);
  CHECK(ran.out.find("not asked: Alpha 0.1 harms the global model more than alpha 1") !=
        std::string::npos);
  const auto table = nlohmann::json::parse(read_file(folder / "out/sweep.json"));
  for (const auto& answer : table.at("questions")) {
    CAPTURE(answer.dump());
    CHECK(answer.at("seeds").size() == 3);
    CHECK(answer.at("low").get<double>() <= answer.at("high").get<double>());
    CHECK_FALSE(answer.contains("reason"));
  }
  CHECK(table.at("quick").at("unanswered").size() == 8);
  CHECK(read_file(folder / "out/report.html").find("<section id=\"answers\"") != std::string::npos);
}

}  // namespace lorafleet
