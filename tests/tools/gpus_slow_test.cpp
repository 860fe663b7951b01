#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/text.hpp"
#include "tests/tools/cluster.hpp"
#include "tests/tools/fake_gpus.hpp"

#ifdef LORAFLEET_FAKE_GPU

namespace lorafleet {
namespace {

using tests::on_device;
using tests::run_on_gpus;
using Arguments = std::vector<std::string>;

nlohmann::json summary_of(const std::string& run) {
  return nlohmann::json::parse(read_file(run + "/summary.json"));
}

TEST_CASE("whatever is trained, GPUs and cohorts do not change its bytes") {
  const tests::SmallScenario small;
  for (const Arguments& sets :
       {Arguments{"model.dtype=bfloat16"}, Arguments{"model.dtype=float16"},
        Arguments{"model.quantization=nf4"},
        Arguments{"model.quantization=int8", "model.dtype=bfloat16"},
        Arguments{"train.recompute=layer"},
        Arguments{"lora.lora_dropout=0.1", "train.base_dropout=config"},
        Arguments{"aggregation.lora=flora", "model.quantization=nf4"},
        Arguments{"train.prox_mu=0.1", "train.optimizer=sgd", "train.momentum=0.9"}}) {
    Arguments all = on_device("cuda:*", {"verify", small.file(), "--slots", "1x1,2x3", "--quiet"});
    for (const std::string& set : sets)
      all.insert(all.end(), {"--set", set});
    CAPTURE(sets.front());
    const auto output = run_on_gpus(all);
    CHECK_MESSAGE(output.status == 0, output.out, output.err);
  }
}

TEST_CASE("a GPU trains, scores and writes what a CPU does") {
  const tests::SmallScenario small;
  const auto run = [&](const std::string& device) {
    const std::string out = small.path(device);
    const auto output = run_on_gpus(on_device(
        device, {"run", small.file(), "--out", out, "--quiet", "--set",
                 "evaluation.local_share=0.3", "--set", "evaluation.local_alone_jobs=1", "--set",
                 "evaluation.metrics=[\"rouge\"]", "--set", "evaluation.max_new_tokens=8"}));
    REQUIRE_MESSAGE(output.status == 0, output.err);
    return out;
  };
  const std::string there = run("cuda:*");
  const auto gpu = summary_of(there), cpu = summary_of(run("cpu"));
  for (const char* when : {"initial", "final"}) {
    const double here = cpu.at(when).at("loss");
    CHECK(gpu.at(when).at("loss").get<double>() == doctest::Approx(here).epsilon(1e-4));
  }
  CHECK(gpu.at("final").at("loss") != gpu.at("initial").at("loss"));
  CHECK(gpu.at("environment").at("gpus") == "2");
  CHECK(std::filesystem::exists(there + "/local.csv"));
  // Later commands take the run's device, or another one.
  for (const std::string device : {"cuda:1", "cpu"}) {
    const auto output = run_on_gpus({"evaluate", there, "--set", "slots.device=" + device});
    CHECK_MESSAGE(output.status == 0, output.err);
    CHECK(tests::contains(output.out, "rouge_l"));
  }
}

TEST_CASE("float16 trains as float32 does, nearer than bfloat16") {
  const tests::SmallScenario small;
  const auto final_loss = [&](const std::string& dtype) {
    const std::string out = small.path(dtype);
    const auto output = run_on_gpus(on_device(
        "cuda", {"run", small.file(), "--out", out, "--quiet", "--set", "model.dtype=" + dtype}));
    REQUIRE_MESSAGE(output.status == 0, output.err);
    return summary_of(out).at("final").at("loss").get<double>();
  };
  const double exact = final_loss("float32");
  const double half = std::abs(final_loss("float16") - exact);
  CHECK(half <= 2e-3);
  CHECK(half < std::abs(final_loss("bfloat16") - exact));
}

TEST_CASE("calibrate measures GPUs and the jobs that share them") {
  const tests::SmallScenario small;
  const auto output = run_on_gpus(
      on_device("cuda:*", {"calibrate", small.file(), "--slots", "2", "--cohort", "1,3"}));
  CHECK_MESSAGE(output.status == 0, output.err);
  CHECK(tests::contains(output.out, "2 slots of 1 thread and 3 jobs"));
  CHECK(tests::contains(output.out, "on 2 x a host's pretence, CUDA 13.0"));
}

TEST_CASE("a run goes on with other GPUs than it began with") {
  const tests::SmallScenario small;
  const auto arguments = [&](const std::string& how, const std::string& name) {
    return on_device("cuda:*", {"run", small.file(), how, small.path(name), "--set",
                                "stop.versions=40", "--set", "checkpoint.every_versions=1"});
  };
  const auto whole = run_on_gpus(arguments("--out", "whole"));
  REQUIRE_MESSAGE(whole.status == 0, whole.err);
  tests::Program program(arguments("--out", "killed"), "", tests::with_fake_gpus());
  const std::string second = small.path("killed/checkpoint/000002");
  REQUIRE(tests::wait_until([&] { return program.ended() || std::filesystem::exists(second); }));
  program.signal(SIGKILL);
  REQUIRE(program.wait().status == 128 + SIGKILL);
  const auto resumed = run_on_gpus(arguments("--resume", "killed"), {"LORAFLEET_FAKE_GPUS=3"});
  REQUIRE_MESSAGE(resumed.status == 0, resumed.err);
  CHECK(tests::contains(resumed.err, "resuming at version"));
  CHECK(tests::run_bytes(small.path("killed")) == tests::run_bytes(small.path("whole")));
}

TEST_CASE("hosts of one and of two GPUs make the bytes of a run alone") {
  const std::string base = (tests::source_folder() / "scenarios" / "base" / "opt-nano").string();
  tests::Cluster cluster({"--set", "slots.device=cuda:*", "--set", "model.path=" + base}, 6);
  cluster.start_head("--out", {"--hosts", "2"}, tests::with_fake_gpus());
  cluster.start_host("one", {}, tests::with_fake_gpus({"LORAFLEET_FAKE_GPUS=1"}));
  cluster.start_host("two", {"--slots", "4"}, tests::with_fake_gpus());
  const auto alone = tests::Program(cluster.alone_arguments(), "", tests::with_fake_gpus()).wait();
  REQUIRE_MESSAGE(alone.status == 0, alone.err);
  cluster.expect(tests::run_bytes(cluster.path("alone")));
  cluster.check_equal();
}

}  // namespace
}  // namespace lorafleet

#endif
