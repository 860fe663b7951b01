#include "partition/manifest.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/indices.hpp"
#include "tests/partition/made_examples.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::settings;
using tests::skew;

namespace {

struct Drawn {
  std::vector<Example> examples = tests::make_examples(120);
  Indices training;
  PartitionConfig config;
  std::uint64_t seed;
  Partition partition;

  explicit Drawn(std::vector<SkewConfig> skews, std::uint64_t run_seed = 42)
      : config(settings(6, 4, std::move(skews))), seed(run_seed) {
    for (std::uint32_t i = 0; i < examples.size(); ++i) {
      if (i % 10 != 3) training.push_back(i);
    }
    partition = make_partition(examples, training, config, seed, tests::count_tokens);
  }
  [[nodiscard]] std::string text() const { return text_of(partition); }
  [[nodiscard]] std::string text_of(const Partition& any) const {
    return manifest_text(any, measure_partition(any), examples, config, seed);
  }
  [[nodiscard]] std::string error_for(const nlohmann::ordered_json& changed) const {
    return error_for(changed.dump());
  }
  [[nodiscard]] std::string error_for(const std::string& text) const {
    const tests::TemporaryFolder folder;
    const auto path = folder / "partition.json";
    write_file(path, text);
    try {
      load_manifest(path, examples, training, tests::count_tokens);
    } catch (const InputError& problem) {
      return std::string(problem.what()).substr(folder.path().string().size() + 1);
    }
    return "no error";
  }
};

const std::vector<SkewConfig>& all_skews() {
  static const std::vector<SkewConfig> kSkews = {skew("context_length", 0.5), skew("quality", 0.5),
                                                 skew("group", 0.5), skew("attribute", 0.5),
                                                 skew("quantity", 1.0)};
  return kSkews;
}

}  // namespace

TEST_CASE("the same seed gives the same manifest bytes") {
  CHECK(rc::check("manifest bytes", [] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const auto text = Drawn(all_skews(), seed).text();
    RC_ASSERT(text == Drawn(all_skews(), seed).text());
  }));
}

TEST_CASE("another seed gives the clients other examples, whatever the skew that is drawn") {
  CHECK(Drawn({}, 1).partition.clients != Drawn({}, 2).partition.clients);
  CHECK(Drawn(all_skews(), 1).partition.clients != Drawn(all_skews(), 2).partition.clients);
  for (const auto& one : all_skews()) {
    CAPTURE(one.by);
    CHECK(Drawn({one}, 1).partition.clients != Drawn({one}, 2).partition.clients);
    CHECK(Drawn({one}, 1).partition.clients == Drawn({one}, 1).partition.clients);
  }
}

TEST_CASE("a loaded manifest keeps the seed and the settings that it was drawn with") {
  const tests::TemporaryFolder folder;
  const Drawn drawn(all_skews(), 7);
  const auto path = folder / "partition.json";
  write_file(path, drawn.text());
  auto other = settings(3, 1, {skew("group", 9.0)});
  other.manifest = path;
  const auto loaded = make_partition(drawn.examples, drawn.training, other, 8, tests::count_tokens);
  CHECK(manifest_text(loaded, measure_partition(loaded), drawn.examples, other, 8) == drawn.text());
}

TEST_CASE("a manifest loads to the partition that it was made of") {
  const tests::TemporaryFolder folder;
  for (const auto& skews : {std::vector<SkewConfig>{}, all_skews(), {skew("natural", 1.0)}}) {
    Drawn drawn(skews);
    drawn.config.manifest = folder / "partition.json";
    write_file(drawn.config.manifest, drawn.text());
    const auto loaded = make_partition(drawn.examples, drawn.training, drawn.config, drawn.seed,
                                       tests::count_tokens);
    CHECK(loaded.clients == drawn.partition.clients);
    CHECK(loaded.names == drawn.partition.names);
    CHECK(loaded.bins.size() == drawn.partition.bins.size());
    CHECK(drawn.text_of(loaded) == drawn.text());
  }
}

TEST_CASE("a manifest holds seed, settings, edges, tables and ids") {
  const Drawn drawn({skew("context_length", 0.5)});
  const auto manifest = nlohmann::json::parse(drawn.text());
  CHECK(manifest["seed"] == 42);
  CHECK(manifest["settings"]["skews"][0] ==
        nlohmann::json{{"by", "context_length"}, {"alpha", 0.5}, {"unit", "tokens"}, {"bins", 5}});
  CHECK(manifest["skews"][0]["edges"].size() == 4);
  CHECK(manifest["examples"] == 108);
  const auto& client = manifest["clients"][2];
  CHECK(client["size"] == drawn.partition.clients[2].size());
  CHECK(client["examples"][0] == drawn.examples[drawn.partition.clients[2][0]].id);
  std::size_t counted = 0;
  for (const auto& [bin, count] : client["bins"][0].items()) {
    counted += count.get<std::size_t>();
  }
  CHECK(counted == drawn.partition.clients[2].size());
}

TEST_CASE("manifests that do not fit the data are refused with the reason") {
  const Drawn drawn(all_skews());
  const auto whole = nlohmann::ordered_json::parse(drawn.text());
  auto changed = whole;
  changed["clients"][1]["examples"][0] = "stranger";
  CHECK(drawn.error_for(changed).starts_with(
      "partition.json: clients[1]: the data have no example with the id \"stranger\""));
  changed = whole;
  changed["clients"][1]["examples"][0] = "e13";
  CHECK(
      drawn.error_for(changed) ==
      "partition.json: clients[1]: example \"e13\" is in a test group; only training examples are "
      "allowed");
  changed = whole;
  const auto twice = whole["clients"][0]["examples"][0].get<std::string>();
  changed["clients"][1]["examples"][0] = twice;
  CHECK(drawn.error_for(changed) ==
        "partition.json: clients[1]: example \"" + twice +
            "\" belongs to client 0 already; each example is allowed once");
  changed = whole;
  const auto size = whole["clients"][5]["size"].get<std::size_t>();
  changed["clients"][5]["examples"].erase(0);
  CHECK(drawn.error_for(changed) == "partition.json: clients[5]: states " + std::to_string(size) +
                                        " examples but " + std::to_string(size - 1) + " are there");
  changed["clients"][5]["size"] = size - 1;
  CHECK(
      drawn.error_for(changed) ==
      "partition.json: names 107 of the 108 training examples; every one must belong to a client");
  changed = whole;
  changed["seed"] = -1;
  CHECK(drawn.error_for(changed) ==
        "partition.json: \"seed\" must be a whole number from 0 and \"settings\" an object");
  changed = whole;
  changed["settings"] = "none";
  CHECK(drawn.error_for(changed) ==
        "partition.json: \"seed\" must be a whole number from 0 and \"settings\" an object");
  changed = whole;
  changed.erase("skews");
  CHECK(drawn.error_for(changed).starts_with("partition.json: not a whole partition manifest: "));
  CHECK(drawn.error_for(std::string("{}")) ==
        "partition.json: not a partition manifest: \"kind\": \"lorafleet.partition\" and "
        "\"format\": 1 were expected");
  CHECK(drawn.error_for(std::string("[1,")).starts_with("partition.json: not valid JSON: "));
}
