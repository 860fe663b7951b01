#include <doctest/doctest.h>

#include "tests/support/text.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

TEST_CASE("check reads the data: a name that no row has is an error, unless it may not") {
  const tests::SmallScenario small;
  const std::vector<std::string> wrong = {"check", small.file(), "--set",
                                          "data.fields.context=contxt"};
  const auto output = tests::run_program(wrong);
  CHECK(output.status == 2);
  CHECK(output.out.empty());
  CHECK(
      output.err ==
      "error: data.fields.context: no row of " + small.path("rows.jsonl") +
          " has the field \"contxt\"; the rows have: context, group, id, instruction, target; did "
          "you mean context?\n");
  auto unread = wrong;
  unread.push_back("--no-data");
  CHECK(tests::run_program(unread).status == 0);
}

TEST_CASE("check says what training the base takes, from its config.json alone too") {
  const tests::SmallScenario small;
  for (const std::string data : {"--no-data", "--set=seed=3"}) {
    const auto output = tests::run_program({"check", small.file(), data});
    CAPTURE(output.err);
    CHECK(output.status == 0);
    CHECK(tests::contains(output.err, " parameters, "));
    CHECK(tests::contains(output.err, " MB in float32; "));
    CHECK(tests::contains(output.err, " MFLOP to train a token; each slot takes "));
  }
}

TEST_CASE("check says what a GPU needs that is not at hand") {
  const tests::SmallScenario small;
  const auto said = [&](const std::vector<std::string>& keys) {
    std::vector<std::string> arguments = {"check", small.file(), "--no-data", "--set",
                                          "slots.device=cuda:*"};
    for (const std::string& key : keys)
      arguments.insert(arguments.end(), {"--set", key});
    const auto output = tests::run_program(arguments);
    CHECK_MESSAGE(output.status == 0, output.err);
    return output.err;
  };
  const auto jobs_of = [](const std::string& text, const std::string& size) {
    const std::size_t end = text.find(" on a GPU of " + size);
    REQUIRE_MESSAGE(end != std::string::npos, text);
    return std::stoi(text.substr(text.rfind(' ', end - 1)));
  };
  const std::string wide = "data.max_tokens=512", batch = "train.batch_tokens=100000";
  const std::string full = said({wide, batch});
  CAPTURE(full);
  CHECK(tests::contains(full, " MFLOP to train a token; on a GPU each job takes "));
  CHECK(tests::contains(full, ", and a pass of 16 jobs of up to 100,000 tokens about "));
  CHECK_FALSE(tests::contains(full, "each slot takes"));
  const int small_gpu = jobs_of(full, "24 GB"), large = jobs_of(full, "80 GB");
  CHECK(small_gpu > 0);
  CHECK(jobs_of(full, "40 GB") > small_gpu);
  CHECK(large > 3 * small_gpu);
  CHECK(jobs_of(said({wide, batch, "train.recompute=layer"}), "24 GB") > small_gpu);
  CHECK(tests::contains(said({"slots.cohort=1"}), " a pass of 1 job of up to "));
  CHECK(tests::contains(said({wide, "train.batch_tokens=50000000"}),
                        ": none on a GPU of 24 GB, none on a GPU of 40 GB, "));
  CHECK(tests::contains(said({"train.batch_tokens=256"}), "1024 or more on a GPU of 80 GB"));
}

TEST_CASE("check asks the base's config.json for the modules, with the data or without") {
  const tests::SmallScenario small;
  for (const bool reads : {true, false}) {
    std::vector<std::string> arguments = {"check", small.file(), "--set",
                                          "lora.target_modules=[\"fc1\", \"vproj\"]"};
    if (!reads) arguments.push_back("--no-data");
    const auto output = tests::run_program(arguments);
    CHECK(output.status == 2);
    CHECK(output.err ==
          "error: lora.target_modules: unknown module \"vproj\" (did you mean \"v_proj\"?); this "
          "base (opt) has q_proj, k_proj, v_proj, out_proj, fc1, fc2; or \"all-linear\"\n");
  }
}

TEST_CASE("check, partition and run warn of data that look wrong, and name what is not read") {
  const tests::SmallScenario small;
  const std::vector<std::string> names = {"--set", "data.fields.instruction=", "--set",
                                          "data.fields.context="};
  const std::string warning = "warning: " + small.path("rows.jsonl") +
                              ": 80 of 80 examples have neither instruction nor context: nothing "
                              "is learned of them but targets; fields that nothing reads: context, "
                              "instruction\n";
  for (const std::string command : {"check", "partition", "run"}) {
    CAPTURE(command);
    std::vector<std::string> arguments = {command, small.file()};
    arguments.insert(arguments.end(), names.begin(), names.end());
    if (command == "run") arguments.insert(arguments.end(), {"--out", small.path("out")});
    const auto output = tests::run_program(arguments);
    CHECK(output.status == 0);
    CHECK(tests::contains(output.err, warning));
    if (command != "partition") {
      CHECK(tests::contains(output.err,
                            "rows.jsonl: nothing reads the fields context, instruction\n"));
    }
  }
  const std::string log = read_file(small.path("out") + "/run.log");
  CHECK(tests::contains(log, "nothing reads the fields context, instruction"));
  CHECK(tests::contains(log, "have neither instruction nor context"));
}

TEST_CASE("keys of other formats have no effect, and check says so") {
  const tests::SmallScenario small;
  std::string rows;
  for (int i = 0; i < 40; ++i) {
    rows += R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", )"
            R"("content": "b"}], "lang": "de"})"
            "\n";
  }
  write_file(small.path("talk.jsonl"), rows);
  const auto output = tests::run_program(
      {"check", small.file(), "--set", "data.format=conversations", "--set",
       "data.path=" + small.path("talk.jsonl"), "--set", "data.fields.attributes=[\"lang\"]",
       "--set", "data.fields.target=answer", "--set", "data.labels=[\"a\", \"b\"]"});
  CHECK(output.status == 0);
  CHECK(tests::contains(output.err,
                        "data.fields.target: has no effect; it applies only where data.format is "
                        "\"jsonl\", \"csv\" or \"tsv\"\n"));
  CHECK(tests::contains(output.err, "data.labels: has no effect;"));
  CHECK(tests::contains(output.out, "attributes = [\"lang\"]"));
}

}  // namespace
}  // namespace lorafleet
