#include "scenarios/schema/json_schema.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/files/dtype.hpp"
#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet {
namespace {

using Json = nlohmann::json;

Json property(std::initializer_list<const char*> path) {
  Json node = Json::parse(scenarios::json_schema());
  for (const char* key : path)
    node = node.at("properties").at(key);
  return node;
}

TEST_CASE("the JSON Schema has types, ranges, names and defaults of the keys") {
  const Json rank = property({"lora", "r"});
  CHECK(rank.at("type") == "integer");
  CHECK(rank.at("minimum") == 1);
  CHECK(rank.at("maximum") == 1024);
  CHECK(rank.at("default") == 8);
  CHECK(property({"lora", "lora_dropout"}).at("exclusiveMaximum") == 1);
  CHECK(property({"model", "dtype"}).at("enum").at(0) == "float32");
  CHECK(property({"evaluation", "metrics"}).at("items").at("enum").size() == 7);
  CHECK(property({"partition", "skew"}).at("items").at("properties").contains("alpha"));
}

TEST_CASE("a base's dtype is any that weights may have") {
  auto names = property({"model", "dtype"}).at("enum").get<std::vector<std::string>>();
  auto known = model::weight_type_names();
  std::sort(names.begin(), names.end());
  std::sort(known.begin(), known.end());
  CHECK(names == known);
}

TEST_CASE("the JSON Schema asks for required keys, except those with an alternative") {
  CHECK(property({"model"}).at("required") == Json({"path"}));
  CHECK_FALSE(property({"devices", "tiers"}).at("items").contains("required"));
  CHECK(property({"model"}).at("additionalProperties") == false);
}

TEST_CASE("a distribution is a number or one of the named forms") {
  const Json jitter = property({"devices", "jitter"}).at("anyOf");
  CHECK(jitter.at(0).at("type") == "number");
  const Json lognormal = jitter.at(3);
  CHECK(lognormal.at("properties").at("distribution").at("const") == "lognormal");
  CHECK(lognormal.at("required") == Json({"distribution", "sigma"}));
}

TEST_CASE("scenarios/scenario.schema.json is what lorafleet schema --json prints") {
  const auto file = tests::source_folder() / "scenarios" / "scenario.schema.json";
  CHECK(read_file(file) == scenarios::json_schema());
}

}  // namespace
}  // namespace lorafleet
