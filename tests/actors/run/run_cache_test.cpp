#include "actors/run/run_cache.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lorafleet;
using namespace lorafleet::actors;

namespace {

/// Counts how often a base was loaded.
class Loads {
 public:
  /// Whether this one was loaded now.
  bool loads(const model::ModelConfig& config, const std::vector<std::string>& devices) {
    bool fresh = false;
    cache_.bases(config, devices, [&] {
      fresh = true;
      return RunCache::Bases(devices.size());
    });
    return fresh;
  }

 private:
  RunCache cache_;
};

model::ModelConfig base(const std::string& dtype, const std::string& quantization) {
  return {"a/base", dtype, quantization};
}

}  // namespace

TEST_CASE("bases of another type, quantisation, packing, folder or device are apart in a cache") {
  Loads cache;
  const std::vector<model::ModelConfig> bases = {base("float32", "none"), base("float32", "int8"),
                                                 base("float32", "nf4")};
  for (const auto& own : bases)
    CHECK(cache.loads(own, {"cpu"}));
  for (const auto& own : bases)
    CHECK_FALSE(cache.loads(own, {"cpu"}));
  for (const auto& other : {base("bfloat16", "nf4"), model::ModelConfig{"b", "float32", "nf4"}})
    CHECK(cache.loads(other, {"cpu"}));
  CHECK_FALSE(cache.loads(bases[2], {"cpu"}));
  CHECK(cache.loads(bases[2], {"cpu", "cpu"}));
  CHECK(cache.loads({"b", "float32", "nf4", "none"}, {"cpu"}));
}

TEST_CASE("the base that was not asked for longest makes room") {
  Loads cache;
  CHECK(cache.loads(base("float32", "none"), {"cpu"}));
  CHECK(cache.loads(base("float32", "int8"), {"cpu"}));
  CHECK(cache.loads(base("float32", "nf4"), {"cpu"}));
  CHECK_FALSE(cache.loads(base("float32", "none"), {"cpu"}));
  CHECK(cache.loads(base("bfloat16", "nf4"), {"cpu"}));
  CHECK_FALSE(cache.loads(base("float32", "none"), {"cpu"}));
  CHECK(cache.loads(base("float32", "int8"), {"cpu"}));
}

TEST_CASE("a GPU holds one base, also of one folder in several quantisations") {
  Loads cache;
  CHECK(cache.loads(base("bfloat16", "none"), {"cuda:0"}));
  CHECK_FALSE(cache.loads(base("bfloat16", "none"), {"cuda:0"}));
  CHECK(cache.loads(base("bfloat16", "nf4"), {"cuda:0"}));
  CHECK(cache.loads(base("bfloat16", "none"), {"cuda:0"}));
}
