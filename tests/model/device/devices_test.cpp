#include "model/device/devices.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "model/device/device_name.hpp"
#include "partition/support/error.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

using Names = std::vector<std::string>;

constexpr const char* kH100 = "NVIDIA H100 80GB HBM3";
constexpr const char* kA100 = "NVIDIA A100-SXM4-40GB";

}  // namespace

TEST_CASE("slots.device names one device, all GPUs, or some of them") {
  for (const char* choice : {"cpu", "cuda", "cuda:7", "cuda:*", "cuda:0,cuda:2", "cuda:3, cuda:1"})
    CHECK(is_device_choice(choice));
  for (const char* choice : {"", ",", "cuda:0,", "cuda:1,cuda:1", "cuda,cuda:1", "cpu,cuda:0",
                             "cuda:*,cuda:1", "cuda:**", "cpu:*", "*"}) {
    CAPTURE(choice);
    CHECK_FALSE(is_device_choice(choice));
  }
  CHECK(chosen_devices("cpu", 4) == Names{"cpu"});
  CHECK(chosen_devices("cuda", 4) == Names{"cuda"});
  CHECK(chosen_devices("cuda:*", 3) == Names{"cuda:0", "cuda:1", "cuda:2"});
  CHECK(chosen_devices("cuda:*", 1) == Names{"cuda:0"});
  CHECK(chosen_devices("cuda:*", 0) == Names{"cuda:0"});
  CHECK(chosen_devices("cuda:3,cuda:1", 0) == Names{"cuda:3", "cuda:1"});
  CHECK(first_device("cpu") == "cpu");
  CHECK(first_device("cuda:*") == "cuda:0");
  CHECK(first_device("cuda:3,cuda:1") == "cuda:3");
}

TEST_CASE("GPUs of different names are refused, and the most that are alike are named") {
  CHECK(unlike_cards({"cpu"}, {"cpu"}).empty());
  CHECK(unlike_cards({"cuda:0", "cuda:2"}, {kH100, kH100}).empty());
  CHECK(unlike_cards({"cuda:0", "cuda:1", "cuda:2", "cuda:3"}, {kH100, kA100, kA100, kH100}) ==
        "cuda:0 is \"NVIDIA H100 80GB HBM3\" and cuda:1 \"NVIDIA A100-SXM4-40GB\", so that results "
        "would depend on which of them a job runs on; allowed: GPUs of one name, like "
        "cuda:0,cuda:3");
  CHECK(unlike_cards({"cuda:0", "cuda:1", "cuda:2"}, {kH100, kA100, kA100})
            .ends_with("like cuda:1,cuda:2"));
}

TEST_CASE("only devices that are there are found") {
  CHECK(find_devices("cpu") == Names{"cpu"});
  CHECK_THROWS_WITH_AS(find_devices("cuda:0;cuda:1"),
                       "slots.device: \"cuda:0;cuda:1\" is no device; allowed: cpu, cuda, cuda:N, "
                       "cuda:*, or several like cuda:0,cuda:2",
                       InputError);
  // No machine has a GPU 99, and most have no CUDA at all.
  CHECK_THROWS_WITH_AS(find_devices("cuda:98,cuda:99"), doctest::Contains("allowed: cpu"),
                       InputError);
  if (tests::test_device() == "cpu") return;
  const Names all = find_devices("cuda:*");
  CHECK(all.front() == "cuda:0");
  CHECK(find_devices(all.back()) == Names{all.back()});
}
