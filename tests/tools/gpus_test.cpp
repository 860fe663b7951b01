#include <doctest/doctest.h>

#include "tests/support/text.hpp"
#include "tests/tools/fake_gpus.hpp"

#ifdef LORAFLEET_FAKE_GPU

namespace lorafleet {
namespace {

using tests::on_device;
using tests::run_on_gpus;

TEST_CASE("jobs alone on a GPU, side by side, and on two GPUs have the same bytes") {
  const tests::SmallScenario small;
  const auto output = run_on_gpus(
      on_device("cuda:*", {"verify", small.file(), "--slots", "1x1,1x16,2x3", "--quiet"}));
  CHECK_MESSAGE(output.status == 0, output.out, output.err);
  CHECK(tests::contains(output.out, "equal bytes on all numbers of slots"));
  CHECK(tests::contains(output.err,
                        "slots.device = \"cuda:*\" are 2 GPUs, and there are slots for 1"));
}

TEST_CASE("GPUs that are not there, are not alike or are too small are refused") {
  const tests::SmallScenario small;
  const auto refused = [&](const std::string& device, const std::string& setting) {
    const auto output = run_on_gpus(
        on_device(device, {"run", small.file(), "--out", small.path("out"), "--quiet"}), {setting});
    CHECK(output.status == 2);
    CHECK_FALSE(std::filesystem::exists(small.path("out")));
    return output.err;
  };
  CHECK(refused("cuda:2", "LORAFLEET_FAKE_GPUS=2") ==
        "error: slots.device: there is no cuda:2; allowed: cpu, cuda:0 to cuda:1\n");
  CHECK(refused("cuda", "LORAFLEET_FAKE_GPUS=0") ==
        "error: slots.device: this LibTorch has no CUDA; allowed: cpu\n");
  CHECK(refused("cuda:*", "LORAFLEET_FAKE_GPU_NAMES=big,small") ==
        "error: slots.device: cuda:0 is \"big\" and cuda:1 \"small\", so that results would depend "
        "on which of them a job runs on; allowed: GPUs of one name, like cuda:0\n");
  const std::string base = refused("cuda:1", "LORAFLEET_FAKE_GPU_MIB=2");
  CHECK(tests::contains(base, "error: slots.device: cuda:1 has "));
  CHECK(tests::contains(base, "and the base takes "));
  const std::string pass = refused("cuda:1", "LORAFLEET_FAKE_GPU_MIB=200");
  CHECK(tests::contains(pass, "error: train.batch_tokens: cuda:1 has "));
  CHECK(tests::contains(pass, "one job with a pass of "));
}

TEST_CASE("a GPU of little memory trains fewer jobs at a time, with the same bytes") {
  const tests::SmallScenario small;
  const auto bytes = [&](const std::string& mebibytes, bool warned) {
    const std::string out = small.path(mebibytes);
    const auto output = run_on_gpus(on_device("cuda:0", {"run", small.file(), "--out", out}),
                                    {"LORAFLEET_FAKE_GPU_MIB=" + mebibytes});
    REQUIRE_MESSAGE(output.status == 0, output.err);
    CHECK(tests::contains(output.err, " jobs at a time, with the same results") == warned);
    return read_file(out + "/events.jsonl") + read_file(out + "/adapter/adapter_model.safetensors");
  };
  CHECK(bytes("800", true) == bytes("4000", false));
}

TEST_CASE("memory that runs out in the middle costs time, not bytes") {
  const tests::SmallScenario small;
  const auto run = [&](const std::string& name, const std::vector<std::string>& settings) {
    return run_on_gpus(on_device("cuda:1", {"run", small.file(), "--out", small.path(name), "--set",
                                            "slots.count=2", "--set", "clients.concurrency=4"}),
                       settings);
  };
  const auto bytes = [&](const std::string& name) {
    return read_file(small.path(name + "/events.jsonl")) +
           read_file(small.path(name + "/adapter/adapter_model.safetensors"));
  };
  REQUIRE(run("large", {}).status == 0);
  const std::string claims = "LORAFLEET_FAKE_GPU_CLAIMS_MIB=9000";
  const auto scarce = run("scarce", {claims, "LORAFLEET_FAKE_GPU_MIB=340"});
  REQUIRE_MESSAGE(scarce.status == 0, scarce.err);
  CHECK(tests::contains(scarce.err, "cuda:1 has no memory for a pass of 2 jobs with "));
  CHECK(bytes("scarce") == bytes("large"));
  // Not even one job alone has room.
  const auto none = run("none", {claims, "LORAFLEET_FAKE_GPU_MIB=100"});
  CHECK(none.status == 1);
  CHECK(tests::contains(none.err, "there is no memory "));
}

TEST_CASE("text is generated on the run's GPU, or on one that is named") {
  const tests::SmallScenario small;
  const std::string run = small.path("run");
  REQUIRE(run_on_gpus(on_device("cuda:1,cuda:0", {"run", small.file(), "--out", run, "--quiet",
                                                  "--set", "model.dtype=float16"}))
              .status == 0);
  const auto generate = [&](std::vector<std::string> more, const std::string& gpus) {
    more.insert(more.begin(), {"generate", "--prompt", "It is", "--max-new-tokens", "3"});
    return run_on_gpus(more, {"LORAFLEET_FAKE_GPUS=" + gpus});
  };
  const auto there = generate({"--run", run}, "2");  // LibTorch has no float16 products on CPUs
  CHECK_MESSAGE(there.status == 0, there.err);
  CHECK(there.err.empty());
  CHECK(there.out.size() > 1);
  const auto chosen = generate({"--run", run, "--device", "cuda:0"}, "1");
  CHECK(chosen.err.empty());
  CHECK(chosen.out == there.out);
  CHECK(generate({"--run", run, "--device", "cuda:1"}, "1").err ==
        "error: --device: there is no cuda:1; allowed: cpu, cuda:0 to cuda:0\n");

  const std::string elsewhere =
      "warning: the run's slots.device = \"cuda:1,cuda:0\" is not on this machine: there is no "
      "cuda:1; allowed: cpu, cuda:0 to cuda:0; text is generated on the CPU\n";
  const auto refused = generate({"--run", run}, "1");
  CHECK(refused.status == 2);
  CHECK(tests::contains(refused.err, elsewhere + "error: --device: a base in float16 needs a GPU"));
  const auto on_cpu = generate({"--run", run, "--dtype", "float32"}, "1");
  CHECK(on_cpu.status == 0);
  CHECK(on_cpu.err == elsewhere);
}

}  // namespace
}  // namespace lorafleet

#endif
