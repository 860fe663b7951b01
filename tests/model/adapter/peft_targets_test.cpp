#include "model/adapter/peft_targets.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace lorafleet;
using model::PeftTargets;
using nlohmann::json;

namespace {

using Lines = std::vector<std::string>;

const std::string kModule = "model.decoder.layers.0.fc1";

}  // namespace

TEST_CASE("a pattern that cannot be read or matched leaves the targets open") {
  const std::string slow = "(a+)+[bc]";
  const std::string letters(40, 'a');
  for (const char* key : {"target_modules", "exclude_modules"}) {
    CAPTURE(key);
    json config = {{"target_modules", {"fc1", letters}}};
    const auto with = [&](const std::string& pattern) {
      config[key] = pattern;
      return PeftTargets(config, "f");
    };
    const std::string place = std::string("f: ") + key + ": ";
    CHECK(with("(").problems({kModule}) == Lines{place + "is not a regular expression"});
    CHECK(with("(").include(kModule) == std::nullopt);
    CHECK(with(std::string(1001, 'x')).problems({}) ==
          Lines{place + "a pattern has at most 1000 bytes"});
    CHECK(with(slow).problems({letters, letters}) ==
          Lines{place + "is a pattern that takes too long to match"});
    CHECK(with(slow).include(letters) == std::nullopt);
    CHECK(with(".*x").problems({kModule}).empty());
  }
  const json layers = {
      {"target_modules", {"fc1"}}, {"layers_to_transform", {0}}, {"layers_pattern", {"("}}};
  CHECK(PeftTargets(layers, "f").problems({kModule}) ==
        Lines{"f: layers_pattern: is not a regular expression"});
  CHECK(PeftTargets(layers, "f").include(kModule) == std::nullopt);
  CHECK(PeftTargets(json{{"target_modules", {"fc1"}}}, "f").include(kModule) == true);
}
