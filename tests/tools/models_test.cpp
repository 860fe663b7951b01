#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/adapter/peft.hpp"
#include "model/network/family.hpp"
#include "partition/support/files.hpp"
#include "tests/model/changed_model.hpp"
#include "tests/model/read_peft.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

using Json = nlohmann::json;

/// A finished run with metrics and local evaluation.
struct FinishedRun {
  FinishedRun() {
    result =
        tests::run_program({"run", small.file(), "--out", small.path("run"), "--quiet", "--set",
                            "evaluation.metrics=[\"rouge\", \"exact_match\"]", "--set",
                            "evaluation.max_new_tokens=6", "--set", "evaluation.local_share=0.3"});
  }
  tests::SmallScenario small;
  tests::Output result;
};

TEST_CASE("a run's adapter can be evaluated, generated from and merged") {
  const FinishedRun run;
  CAPTURE(run.result.err);
  REQUIRE(run.result.status == 0);
  const std::string folder = run.small.path("run");
  const Json summary = Json::parse(read_file(folder + "/summary.json"));
  CHECK(summary.at("final").contains("rouge_l"));
  CHECK(summary.at("local").at("clients") > 0);
  CHECK(summary.at("model") == Json({{"dtype", "float32"}, {"quantization", "none"}}));
  CHECK(tests::contains(read_file(folder + "/rounds.csv"), ",eval_exact_match,eval_rouge_1,"));
  CHECK(tests::contains(read_file(folder + "/local.csv"), "client,train_examples,"));

  SUBCASE("evaluate gives the run's final figures") {
    const auto evaluated = tests::run_program(
        {"evaluate", folder, "--json", "--quiet", "--predictions", run.small.path("texts.jsonl")});
    REQUIRE(evaluated.status == 0);
    const Json scores = Json::parse(evaluated.out);
    CHECK(scores == summary.at("final"));
    CHECK(read_file(run.small.path("texts.jsonl")) == read_file(folder + "/predictions.jsonl"));
    const auto base = tests::run_program({"evaluate", folder, "--base-only", "--quiet"});
    CHECK(base.status == 0);
    CHECK(tests::contains(base.out, "perplexity"));
  }
  SUBCASE("evaluate refuses what it cannot score") {
    CHECK(tests::run_program({"evaluate", run.small.file()}).err ==
          "error: --adapter: is missing; allowed: a PEFT directory, or --base-only\n");
    CHECK(tests::run_program({"evaluate", folder, "--adapter", "nowhere"}).status == 2);
    CHECK(tests::contains(tests::run_program({"evaluate", folder, "--metrics", "[\"bleu\"]"}).err,
                          "\"bleu\" is not known; allowed: rouge"));
  }
  SUBCASE("generate continues prompts and held-out examples") {
    const auto texts = tests::run_program(
        {"generate", "--run", folder, "--prompt", "It is", "--max-new-tokens", "4", "--json"});
    REQUIRE(texts.status == 0);
    const Json row = Json::parse(texts.out);
    CHECK(row.at("prompt") == "It is");
    CHECK(row.at("tokens").size() <= 4);
    const auto examples = tests::run_program(
        {"generate", "--run", folder, "--examples", "2", "--max-new-tokens", "4"});
    CHECK(tests::contains(examples.out, "Say the number."));
    CHECK(tests::contains(examples.out, "(target: number "));
  }
  SUBCASE("merge writes a base that scores like base and adapter") {
    const auto merged =
        tests::run_program({"merge", "--base", tests::mini_base(), "--adapter", folder + "/adapter",
                            "--out", run.small.path("merged")});
    CAPTURE(merged.err);
    REQUIRE(merged.status == 0);
    CHECK(tests::without_kernel_warnings(merged.err).empty());
    const auto scores =
        tests::run_program({"evaluate", run.small.file(), "--base-only", "--json", "--quiet",
                            "--set", "model.path=" + run.small.path("merged")});
    REQUIRE(scores.status == 0);
    CHECK(Json::parse(scores.out).at("loss").get<double>() ==
          doctest::Approx(summary.at("final").at("loss").get<double>()).epsilon(1e-5));
    CHECK(tests::run_program({"merge", "--base", tests::mini_base(), "--adapter",
                              folder + "/adapter", "--out", run.small.path("merged")})
              .status == 2);
  }
  SUBCASE("a base change beside the adapter is evaluated, generated from and merged") {
    auto adapter = tests::read_peft(folder + "/adapter");
    auto change = std::make_shared<model::BaseChange>();
    const auto& module = adapter.layout->modules()[1];
    change->id = 1;
    change->modules = {module};
    change->deltas = {std::vector<float>(static_cast<std::size_t>(module.in * module.out))};
    for (std::size_t i = 0; i < change->deltas[0].size(); ++i)
      change->deltas[0][i] = i % 7 == 0 ? 0.1f : -0.02f;
    adapter.base_change = change;
    const std::string changed = run.small.path("changed");
    model::save_peft(changed, adapter, {}, tests::mini_base(),
                     model::read_shape(std::filesystem::path(tests::mini_base()) / "config.json"));
    const std::string file = changed + "/base_change.safetensors";
    REQUIRE(std::filesystem::exists(file));

    const auto loss_of = [&](std::vector<std::string> more) {
      std::vector<std::string> arguments = {"evaluate", run.small.file(), "--json", "--quiet"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      const auto scores = tests::run_program(arguments);
      CAPTURE(scores.err);
      REQUIRE(scores.status == 0);
      return Json::parse(scores.out).at("loss").get<double>();
    };
    const double with_change = loss_of({"--adapter", changed});
    CHECK(std::abs(with_change - summary.at("final").at("loss").get<double>()) > 1e-3);
    const auto merged = tests::run_program({"merge", "--base", tests::mini_base(), "--adapter",
                                            changed, "--out", run.small.path("m1")});
    REQUIRE(merged.status == 0);
    CHECK(tests::contains(merged.out, " modules and a base change merged"));
    CHECK(loss_of({"--base-only", "--set", "model.path=" + run.small.path("m1")}) ==
          doctest::Approx(with_change).epsilon(1e-5));

    const auto apart =
        tests::run_program({"merge", "--base", tests::mini_base(), "--adapter", folder + "/adapter",
                            "--base-change", file, "--out", run.small.path("m2")});
    REQUIRE(apart.status == 0);
    CHECK(read_file(run.small.path("m2") + "/model.safetensors") ==
          read_file(run.small.path("m1") + "/model.safetensors"));
    const auto alone = tests::run_program({"merge", "--base", tests::mini_base(), "--base-change",
                                           file, "--out", run.small.path("m3")});
    CHECK(alone.status == 0);
    CHECK(tests::contains(
        tests::run_program({"merge", "--base", tests::mini_base(), "--adapter", changed,
                            "--base-change", file, "--out", run.small.path("m4")})
            .err,
        "--base-change: the adapter has one of its own: "));
    CHECK(tests::contains(
        tests::run_program({"merge", "--base", tests::mini_base(), "--out", run.small.path("m4")})
            .err,
        "merge: --adapter is missing; allowed also: --base-change alone"));
    CHECK(
        tests::contains(tests::run_program({"merge", "--base", tests::mini_base(), "--base-change",
                                            tests::mini_base() + "/model.safetensors", "--out",
                                            run.small.path("m4")})
                            .err,
                        "is not a base change"));

    const auto text_of = [&](const std::string& base, const std::string& with) {
      std::vector<std::string> arguments = {"generate", "--base",           base, "--prompt",
                                            "The sea",  "--max-new-tokens", "8"};
      if (!with.empty()) arguments.insert(arguments.end(), {"--adapter", with});
      return tests::run_program(arguments).out;
    };
    CHECK(text_of(tests::mini_base(), changed) == text_of(run.small.path("m1"), ""));
    CHECK(text_of(tests::mini_base(), changed) != text_of(tests::mini_base(), folder + "/adapter"));
  }
}

TEST_CASE("merge says when the run's base was quantised and the one that it merges into is not") {
  const tests::SmallScenario small;
  const auto run =
      tests::run_program({"run", small.file(), "--out", small.path("run"), "--quiet", "--set",
                          "model.quantization=nf4", "--set", "aggregation.lora=fedex"});
  REQUIRE_MESSAGE(run.status == 0, run.err);
  const Json summary = Json::parse(read_file(small.path("run/summary.json")));
  CHECK(summary.at("model") == Json({{"dtype", "float32"}, {"quantization", "nf4"}}));
  const std::string adapter = small.path("run/adapter");
  int made = 0;
  const auto merged = [&](std::vector<std::string> more) {
    const std::string out = small.path("merged" + std::to_string(made++));
    more.insert(more.begin(), {"merge", "--base", tests::mini_base(), "--out", out});
    const auto output = tests::run_program(more);
    CHECK_MESSAGE(output.status == 0, output.err);
    return std::pair(tests::without_kernel_warnings(output.err), out);
  };
  const auto loss_of = [&](const std::string& base) {
    const auto scores = tests::run_program({"evaluate", small.file(), "--base-only", "--json",
                                            "--quiet", "--set", "model.path=" + base});
    REQUIRE_MESSAGE(scores.status == 0, scores.err);
    return Json::parse(scores.out).at("loss").get<double>();
  };
  const auto warning = [](const std::string& file) {
    return "warning: " + file + " was trained on a base in nf4, and is added here to the numbers " +
           "of " + tests::mini_base() +
           "; --quantization nf4 merges it onto the dequantised base, as the run computed "
           "(--quantization none: as here, without this warning)\n";
  };
  const auto silent = merged({"--adapter", adapter});
  CHECK(silent.first == warning(adapter + "/adapter_model.safetensors"));
  const auto chosen = merged({"--adapter", adapter, "--quantization", "none"});
  CHECK(chosen.first.empty());
  CHECK(read_file(silent.second + "/model.safetensors") ==
        read_file(chosen.second + "/model.safetensors"));
  const auto as_run = merged({"--adapter", adapter, "--quantization", "nf4"});
  CHECK(as_run.first.empty());
  const double loss = summary.at("final").at("loss").get<double>();
  CHECK(loss_of(as_run.second) == doctest::Approx(loss).epsilon(1e-5));
  CHECK(std::abs(loss_of(silent.second) - loss) > 1e-4);
  const auto coarser = merged({"--adapter", adapter, "--quantization", "int8"});
  CHECK(coarser.first.empty());
  const std::string change = adapter + "/base_change.safetensors";
  CHECK(merged({"--base-change", change}).first == warning(change));
}

TEST_CASE("generate says when an adapter's base was held in something else") {
  const tests::SmallScenario small;
  const auto run = tests::run_program({"run", small.file(), "--out", small.path("run"), "--quiet",
                                       "--set", "model.quantization=nf4"});
  REQUIRE_MESSAGE(run.status == 0, run.err);
  const auto said = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"generate", "--prompt", "x", "--max-new-tokens", "1"});
    const auto output = tests::run_program(more);
    CHECK_MESSAGE(output.status == 0, output.err);
    return output.err;
  };
  const std::string adapter = small.path("run/adapter");
  const std::string trained = "warning: " + adapter +
                              "/adapter_model.safetensors was trained on a base in nf4, and is " +
                              "used here with ";
  const std::string base = tests::mini_base();
  CHECK(said({"--base", base, "--adapter", adapter}) ==
        trained + "the numbers of " + base + "; --quantization nf4 holds them as the run did " +
            "(--quantization none: as here, without this warning)\n");
  CHECK(said({"--base", base, "--adapter", adapter, "--quantization", "none"}).empty());
  CHECK(said({"--base", base, "--adapter", adapter, "--quantization", "nf4"}).empty());
  CHECK(said({"--run", small.path("run")}).empty());

  const std::string other = small.path("other");
  REQUIRE(tests::run_program(
              {"run", small.file(), "--out", other, "--quiet", "--set", "model.quantization=int8"})
              .status == 0);
  CHECK(said({"--run", other, "--adapter", adapter}) == trained + base + " in int8\n");
}

TEST_CASE("merge refuses a base with values that are not finite, and writes nothing") {
  const std::string name = "model.decoder.layers.0.fc2.weight";
  const std::vector<float> values(std::size_t{256} * 64, std::nanf(""));
  const tests::ChangedModel base([&](model::NamedTensor& tensor) {
    if (tensor.name == name) tensor.bytes = std::as_bytes(std::span(values));
  });
  const tests::TemporaryFolder folder;
  const auto merged = tests::run_program(
      {"merge", "--base", base.path().string(), "--adapter",
       (tests::golden_folder() / "opt" / "opt_prenorm" / "adapter_after5").string(), "--out",
       (folder / "merged").string()});
  CHECK(merged.status == 2);
  CHECK(merged.out.empty());
  CHECK(tests::without_kernel_warnings(merged.err) ==
        "error: " + base.file() + ": tensor " + name + " has values that are not finite\n");
  CHECK_FALSE(std::filesystem::exists(folder / "merged"));
}

TEST_CASE("generate follows its options and refuses bad ones") {
  const auto generate = [](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"generate", "--base", tests::mini_base()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return tests::run_program(arguments);
  };
  const auto a = generate({"--prompt", "The sea", "--temperature", "1", "--seed", "3"});
  const auto b = generate({"--prompt", "The sea", "--temperature", "1", "--seed", "3"});
  const auto c = generate({"--prompt", "The sea", "--temperature", "1", "--seed", "4"});
  CHECK(a.status == 0);
  CHECK(a.out == b.out);
  CHECK(a.out != c.out);
  const auto cut = generate({"--prompt", "The sea", "--stop", " "});
  CHECK(cut.status == 0);
  CHECK_FALSE(tests::contains(cut.out, " "));
  CHECK(tests::contains(generate({"--prompt", "x", "--top-p", "2"}).err, "top_p: must be above 0"));
  CHECK(tests::contains(generate({"--prompt", "x", "--examples", "2"}).err, "needs --run"));
  CHECK(generate({"--prompt", "x", "--temperature", "warm"}).status == 2);
  CHECK(generate({"--prompt", "x", "--device", "cuda:*"}).err ==
        "error: --device: \"cuda:*\" is no device; allowed: cpu, cuda, cuda:N\n");
  CHECK(generate({"--prompt", "x", "--device", "cpu", "--dtype", "float16"}).err ==
        "error: --device: a base in float16 needs a GPU, \"cuda\" or \"cuda:N\": LibTorch has no "
        "float16 matrix products on CPUs; allowed on a CPU: --dtype float32 or --dtype bfloat16\n");
  CHECK(generate({}).status == 2);
}

TEST_CASE("new-base writes a model that runs") {
  const tests::SmallScenario small;
  const auto made = tests::run_program({"new-base", "--like", "opt-350m", "--hidden", "64",
                                        "--layers", "2", "--positions", "64", "--vocab-size",
                                        "4096", "--tokenizer", tests::mini_base(), "--out",
                                        small.path("base"), "--max-shard-size", "300KB"});
  CAPTURE(made.err);
  REQUIRE(made.status == 0);
  CHECK(std::filesystem::exists(small.path("base") + "/model.safetensors.index.json"));
  const auto run = tests::run_program({"run", small.file(), "--out", small.path("run"), "--quiet",
                                       "--set", "model.path=" + small.path("base")});
  CAPTURE(run.err);
  CHECK(run.status == 0);
  CHECK(tests::contains(tests::run_program({"new-base", "--like", "opt-1b", "--out", "x"}).err,
                        "allowed: opt-125m, opt-350m"));
  CHECK(tests::contains(tests::run_program({"new-base", "--vocab-size", "100", "--tokenizer",
                                            tests::mini_base(), "--out", small.path("y")})
                            .err,
                        "has 4096 tokens, more than the model's 100"));
}

}  // namespace
}  // namespace lorafleet
