#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

using Json = nlohmann::json;

/// A tiny RoBERTa without a classifier, and 96 pairs in two classes that one word tells apart.
class ClassifierScenario {
 public:
  ClassifierScenario() {
    std::string rows;
    for (int i = 0; i < 96; ++i) {
      const std::string number = std::to_string(i);
      rows += "{\"id\": \"row" + number + "\", \"instruction\": \"number " + number +
              "\", \"context\": \"it is " + (i % 2 == 0 ? "hot" : "cold") + " today, number " +
              number + "\", \"target\": \"" + (i % 2 == 0 ? "hot" : "cold") + "\"}\n";
    }
    write_file(folder_ / "rows.jsonl", rows);
    write_file(folder_ / "small.toml",
               "name = \"small\"\n[model]\npath = \"" + base() +
                   "\"\n[lora]\ntarget_modules = [\"query\", \"value\"]\nr = 4\n"
                   "[data]\npath = \"rows.jsonl\"\nlabels = [\"hot\", \"cold\"]\n"
                   "max_tokens = 24\n"
                   "[partition]\nclients = 4\nmin_examples = 2\n"
                   "[train]\nlr = 0.003\nepochs = 8\nbatch_tokens = 128\n"
                   "[clients]\nconcurrency = 3\n"
                   "[aggregation]\nmode = \"fedbuff\"\nbuffer_size = 2\n"
                   "[evaluation]\nmax_examples = 0\n[stop]\nversions = 6\n");
    const auto made =
        tests::run_program({"new-base", "--like", "distilroberta-base", "--layers", "1", "--hidden",
                            "64", "--vocab-size", "4096", "--positions", "32", "--dtype", "float32",
                            "--tokenizer", tests::mini_base(), "--out", base()});
    REQUIRE_MESSAGE(made.status == 0, made.err);
  }

  [[nodiscard]] std::string base() const { return path("base"); }
  [[nodiscard]] std::string file() const { return path("small.toml"); }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

 private:
  tests::TemporaryFolder folder_;
};

Json json_of(const std::string& file) {
  return Json::parse(read_file(file));
}

/// What `run` says of settings that cannot go with a classifier.
std::string refusal(const ClassifierScenario& small, const std::vector<std::string>& sets) {
  std::vector<std::string> command = {"run", small.file(), "--out", small.path("refused"),
                                      "--quiet"};
  for (const std::string& set : sets)
    command.insert(command.end(), {"--set", set});
  const auto output = tests::run_program(command);
  CHECK(output.status == 2);
  return output.err;
}

TEST_CASE("a classifier is trained, folded, scored, saved, merged") {
  const ClassifierScenario small;
  const auto output =
      tests::run_program({"run", small.file(), "--out", small.path("out"), "--quiet"});
  REQUIRE_MESSAGE(output.status == 0, output.err);
  CHECK(tests::contains(output.out, "\naccuracy    "));
  const Json summary = json_of(small.path("out/summary.json"));
  const Json& final = summary.at("final");
  CHECK(final.at("accuracy").get<double>() > 0.9);
  CHECK(final.at("f1").get<double>() > 0.9);
  CHECK(final.at("loss").get<double>() < summary.at("initial").at("loss").get<double>());
  CHECK(final.at("matthews").get<double>() > 0.8);
  std::int64_t wanted = 0;
  std::int64_t right = 0;
  for (const char* name : {"hot", "cold"}) {
    wanted += final.at("classes").at(name).at("wanted").get<std::int64_t>();
    right += final.at("classes").at(name).at("right").get<std::int64_t>();
  }
  CHECK(wanted == final.at("examples"));
  CHECK(static_cast<double>(right) ==
        doctest::Approx(final.at("accuracy").get<double>() * static_cast<double>(wanted)));
  CHECK(summary.at("loss_ratio").get<double>() < 1.0);
  CHECK_FALSE(final.contains("perplexity"));
  CHECK_FALSE(summary.contains("perplexity_ratio"));
  const std::string rounds = read_file(small.path("out/rounds.csv"));
  CHECK(tests::contains(rounds.substr(0, rounds.find('\n')),
                        "eval_loss,eval_accuracy,eval_f1,eval_matthews"));
  const Json peft = json_of(small.path("out/adapter/adapter_config.json"));
  CHECK(peft.at("task_type") == "SEQ_CLS");
  CHECK(peft.at("modules_to_save") == Json::array({"classifier"}));

  SUBCASE("any number of slots gives the same bytes") {
    const auto verified = tests::run_program({"verify", small.file(), "--slots", "1,3"});
    CHECK_MESSAGE(verified.status == 0, verified.err);
  }
  SUBCASE("the adapter and the merged base have the run's figures") {
    const auto again = tests::run_program({"evaluate", small.path("out"), "--json", "--quiet"});
    REQUIRE_MESSAGE(again.status == 0, again.err);
    CHECK(Json::parse(again.out).at("loss") == final.at("loss"));
    const auto merged =
        tests::run_program({"merge", "--base", small.base(), "--adapter", small.path("out/adapter"),
                            "--out", small.path("merged")});
    REQUIRE_MESSAGE(merged.status == 0, merged.err);
    const Json config = json_of(small.path("merged/config.json"));
    CHECK(config.at("id2label") == Json{{"0", "hot"}, {"1", "cold"}});
    CHECK(config.at("label2id") == Json{{"hot", 0}, {"cold", 1}});
    CHECK(config.at("architectures") == Json::array({"RobertaForSequenceClassification"}));
    const auto alone =
        tests::run_program({"evaluate", small.file(), "--base-only", "--set",
                            "model.path=" + small.path("merged"), "--json", "--quiet"});
    REQUIRE_MESSAGE(alone.status == 0, alone.err);
    CHECK(Json::parse(alone.out).at("loss").get<double>() ==
          doctest::Approx(final.at("loss").get<double>()).epsilon(1e-5));
    const auto text = tests::run_program({"evaluate", small.path("out"), "--quiet"});
    CHECK(tests::contains(text.out, "accuracy"));
    CHECK(tests::contains(text.out, "F1"));
    CHECK(tests::contains(text.out, "Matthews"));
  }
  SUBCASE("what it takes each example for can be written") {
    const auto written = tests::run_program({"evaluate", small.path("out"), "--json", "--quiet",
                                             "--predictions", small.path("predictions.jsonl")});
    REQUIRE_MESSAGE(written.status == 0, written.err);
    std::istringstream lines(read_file(small.path("predictions.jsonl")));
    std::int64_t examples = 0;
    std::int64_t right = 0;
    for (std::string line; std::getline(lines, line); ++examples) {
      const Json made = Json::parse(line);
      CHECK(made.at("id").get<std::string>().starts_with("row"));
      right += made.at("choice") == made.at("target") ? 1 : 0;
      CHECK(made.at("scores").at("accuracy") ==
            (made.at("choice") == made.at("target") ? 1.0 : 0.0));
    }
    CHECK(examples == final.at("examples"));
    CHECK(static_cast<double>(right) ==
          doctest::Approx(final.at("accuracy").get<double>() * static_cast<double>(examples)));
  }
  SUBCASE("its page has accuracy and F1") {
    const auto page =
        tests::run_program({"report", small.path("out"), "--out", small.path("page.html")});
    REQUIRE_MESSAGE(page.status == 0, page.err);
    const std::string html = read_file(small.path("page.html"));
    CHECK(tests::contains(html, "accuracy at the end"));
    CHECK(tests::contains(html, "F1 at the end"));
    CHECK_FALSE(tests::contains(html, "perplexity at the end"));
  }
  SUBCASE("a run goes on from it") {
    const auto more =
        tests::run_program({"run", small.file(), "--out", small.path("more"), "--quiet", "--set",
                            "lora.init_adapter=" + small.path("out/adapter")});
    REQUIRE_MESSAGE(more.status == 0, more.err);
    CHECK(json_of(small.path("more/summary.json")).at("initial").at("loss") == final.at("loss"));
    CHECK_FALSE(tests::contains(more.err, "they are taken for each other"));
    const auto turned =
        tests::run_program({"run", small.file(), "--out", small.path("turned"), "--quiet", "--set",
                            "lora.init_adapter=" + small.path("out/adapter"), "--set",
                            "data.labels=[\"cold\", \"hot\"]", "--set", "stop.versions=1"});
    REQUIRE_MESSAGE(turned.status == 0, turned.err);
    CHECK(tests::contains(turned.err,
                          "tells hot, cold apart, and the classes of the data are "
                          "cold, hot: they are taken for each other"));
  }
}

TEST_CASE("a classifier is trained on a quantised base, with the same bytes on any slots") {
  const ClassifierScenario small;
  for (const std::string quantization : {"int8", "nf4"}) {
    CAPTURE(quantization);
    const std::string set = "model.quantization=" + quantization;
    const std::string out = small.path(quantization);
    const auto output =
        tests::run_program({"run", small.file(), "--out", out, "--quiet", "--set", set});
    REQUIRE_MESSAGE(output.status == 0, output.err);
    const Json summary = json_of(out + "/summary.json");
    CHECK(summary.at("model").at("quantization") == quantization);
    CHECK(summary.at("final").at("accuracy").get<double>() > 0.9);
    CHECK(summary.at("loss_ratio").get<double>() < 1.0);
    const auto verified =
        tests::run_program({"verify", small.file(), "--slots", "1,2", "--set", set});
    CHECK_MESSAGE(verified.status == 0, verified.err);
    const auto merged =
        tests::run_program({"merge", "--base", small.base(), "--adapter", out + "/adapter", "--out",
                            out + "-merged", "--quantization", quantization});
    REQUIRE_MESSAGE(merged.status == 0, merged.err);
    const auto alone = tests::run_program({"evaluate", small.file(), "--base-only", "--set",
                                           "model.path=" + out + "-merged", "--json", "--quiet"});
    REQUIRE_MESSAGE(alone.status == 0, alone.err);
    CHECK(Json::parse(alone.out).at("loss").get<double>() ==
          doctest::Approx(summary.at("final").at("loss").get<double>()).epsilon(1e-5));
  }
}

TEST_CASE("every rule folds a classifier, with clients of their own") {
  const ClassifierScenario small;
  for (const std::string rule : {"ffa", "fedsa", "rolora", "flora", "fedex", "product"}) {
    CAPTURE(rule);
    const auto output =
        tests::run_program({"run", small.file(), "--out", small.path(rule), "--quiet", "--set",
                            "aggregation.lora=" + rule, "--set", "evaluation.local_share=0.1",
                            "--set", "train.lr=0.01", "--set", "stop.versions=12"});
    REQUIRE_MESSAGE(output.status == 0, output.err);
    const Json summary = json_of(small.path(rule + "/summary.json"));
    // What FedSA shares is half of what its clients have learned.
    if (rule != "fedsa") CHECK(summary.at("loss_ratio").get<double>() < 1.0);
    CHECK(summary.at("local").at("global").contains("mean_accuracy"));
    const std::string local = read_file(small.path(rule + "/local.csv"));
    CHECK(tests::contains(local.substr(0, local.find('\n')), "global_accuracy,global_f1"));
  }
}

TEST_CASE("clients of several ranks, compressed, send whole classifiers") {
  const ClassifierScenario small;
  const auto output = tests::run_program(
      {"run", small.file(), "--out", small.path("ranks"), "--quiet", "--set",
       "aggregation.mode=sync", "--set", "clients.per_round=2", "--set", "aggregation.lora=hlora",
       "--set", "lora.ranks=[{ r = 2, share = 0.5 }, { r = 4, share = 0.5 }]", "--set",
       "network.compress_up=int8"});
  REQUIRE_MESSAGE(output.status == 0, output.err);
  CHECK(json_of(small.path("ranks/summary.json")).at("loss_ratio").get<double>() < 1.0);
}

TEST_CASE("what cannot go with a classifier is refused by name") {
  const ClassifierScenario small;
  CHECK(tests::contains(refusal(small, {"evaluation.metrics=[\"rouge\"]"}),
                        "evaluation.metrics: judges texts, and the base is a classifier"));
  CHECK(tests::contains(refusal(small, {"data.labels=[]"}),
                        "has no classes, and the base is a classifier"));
  CHECK(tests::contains(refusal(small, {"data.labels=[\"hot\", \"cold\", \"mild\"]"}),
                        "is of one of 3 classes (hot, cold, mild), the base tells 2 apart, by "
                        "\"num_labels\" of its config.json"));
  write_file(small.path("test.jsonl"),
             "{\"instruction\": \"a\", \"target\": \"cold\", \"choices\": [\"mild\", \"cold\"]}\n");
  CHECK(tests::contains(refusal(small, {"data.test_path=" + small.path("test.jsonl")}),
                        small.path("test.jsonl") + ", example "));
  std::string talk;
  for (int i = 0; i < 40; ++i)
    talk +=
        "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", "
        "\"content\": \"b\"}]}\n";
  write_file(small.path("talk.jsonl"), talk);
  CHECK(tests::contains(refusal(small, {"data.path=" + small.path("talk.jsonl"),
                                        "data.format=conversations", "data.labels=[]"}),
                        "is a conversation; a classifier reads one text or two"));
  const auto base = tests::run_program({"evaluate", small.file(), "--base-only", "--quiet"});
  CHECK(base.status == 2);
  CHECK(tests::contains(base.err, "the base has no classifier's weights"));
  const auto text = tests::run_program({"generate", "--base", small.base(), "--prompt", "hot"});
  CHECK(text.status == 2);
  CHECK(tests::contains(text.err, "the base is a classifier (roberta): it writes no text"));
}

TEST_CASE("a classifier's speed is measured, and its costs are told") {
  const ClassifierScenario small;
  const auto speed =
      tests::run_program({"calibrate", "--model", small.base(), "--modules", "query,value",
                          "--seconds", "1", "--max-tokens", "24", "--quiet"});
  CHECK_MESSAGE(speed.status == 0, speed.err);
  const auto check = tests::run_program({"check", small.file()});
  CHECK_MESSAGE(check.status == 0, check.err);
}

}  // namespace
}  // namespace lorafleet
