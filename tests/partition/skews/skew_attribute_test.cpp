#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "partition/manifest.hpp"
#include "partition/picture/legend.hpp"
#include "partition/picture/picture.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/partition/made_examples.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::settings;

namespace {

/// Rows as Dolly has them: each a group of its own, with one of eight categories.
std::vector<Example> dolly_rows(std::size_t count) {
  std::vector<Example> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].id = rows[i].group = "line-" + std::to_string(i + 1);
    rows[i].target = i % 3 == 0 ? "yes" : "no";
    rows[i].attributes["category"] = "category " + std::to_string(i * 5 % 8);
  }
  return rows;
}

SkewConfig by_attribute(const std::string& name, double alpha) {
  SkewConfig skew;
  skew.by = "attribute";
  skew.attribute = name;
  skew.alpha = alpha;
  return skew;
}

SkewConfig by_group(double alpha) {
  SkewConfig skew;
  skew.by = "group";
  skew.alpha = alpha;
  return skew;
}

Partition draw_rows(const std::vector<Example>& rows, const PartitionConfig& config,
                    std::uint64_t seed = 42) {
  return draw_partition(rows, tests::all_of(rows), config, seed, {});
}

std::string attribute_error(const std::vector<Example>& rows, const std::string& attribute) {
  try {
    draw_rows(rows, settings(4, 1, {by_attribute(attribute, 1.0)}));
  } catch (const InputError& problem) {
    return problem.what();
  }
  return "no error";
}

/// The mean distance by category of a partition that was drawn in another way.
double distance_by_category(Partition partition, const std::vector<Example>& rows) {
  partition.bins = draw_rows(rows, settings(1, 1, {by_attribute("category", 1.0)})).bins;
  return measure_partition(partition).skews.at(0).js_mean;
}

using Notes = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "80 rows of 8 categories over 8 clients: the category is skewed, where group spreads nothing") {
  const auto rows = dolly_rows(80);
  double iid = 0.0;
  double group = 0.0;
  double category = 0.0;
  constexpr int kSeeds = 10;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    iid += distance_by_category(draw_rows(rows, settings(8, 4, {}), seed), rows) / kSeeds;
    group +=
        distance_by_category(draw_rows(rows, settings(8, 4, {by_group(0.1)}), seed), rows) / kSeeds;
    category += distance_by_category(
                    draw_rows(rows, settings(8, 4, {by_attribute("category", 0.1)}), seed), rows) /
                kSeeds;
  }
  CHECK(iid < 0.45);
  CHECK(group < 0.5);
  CHECK(category > 0.65);
}

TEST_CASE("a bin is a value, and the table knows it by name") {
  const auto rows = dolly_rows(80);
  const auto partition = draw_rows(rows, settings(8, 4, {by_attribute("category", 0.5)}));
  REQUIRE(partition.bins.size() == 1);
  CHECK(partition.bins[0].by == "attribute");
  CHECK(partition.bins[0].measure == "category");
  REQUIRE(partition.bins[0].names.size() == 8);
  CHECK(partition.bins[0].names[3] == "category 3");
  for (std::size_t i = 0; i < rows.size(); ++i)
    CHECK(partition.bins[0].names[partition.bins[0].bin_of[i]] ==
          rows[i].attributes.at("category"));
  CHECK(partition.notes.empty());
  const auto statistics = measure_partition(partition);
  CHECK(skew_title(statistics.skews.at(0)) == "attribute (category)");
  const auto text = to_text(partition, statistics);
  CHECK(text.find("attribute (category): examples by client and bin") != text.npos);
  const auto svg = to_svg(partition, statistics, "by category");
  CHECK(svg.find(", category 3: ") != svg.npos);
  CHECK(svg.find("#4477aa") != svg.npos);
}

TEST_CASE("the target is an attribute of every example, unless the data name one themselves") {
  auto rows = dolly_rows(60);
  const auto by_target = draw_rows(rows, settings(4, 1, {by_attribute("target", 0.1)}));
  CHECK(by_target.bins.at(0).names == std::vector<std::string>{"no", "yes"});
  for (auto& row : rows)
    row.attributes["target"] = row.target == "yes" ? "1" : "0";
  CHECK(draw_rows(rows, settings(4, 1, {by_attribute("target", 0.1)})).bins.at(0).names ==
        std::vector<std::string>{"0", "1"});
}

TEST_CASE("examples without the attribute have a bin of their own, and are counted") {
  auto rows = dolly_rows(40);
  const auto whole = draw_rows(rows, settings(4, 1, {by_attribute("category", 0.5)}));
  rows[3].attributes.clear();
  rows[7].attributes["category"] = "";
  const auto partition = draw_rows(rows, settings(4, 1, {by_attribute("category", 0.5)}));
  CHECK(partition.bins.at(0).names.size() == 9);
  CHECK(partition.bins.at(0).names.back() == "(none)");
  CHECK(partition.bins.at(0).bin_of.at(3) == 8);
  CHECK(partition.bins.at(0).bin_of.at(7) == 8);
  CHECK(partition.notes == Notes{"attribute (category): 2 of 40 training examples do not have it; "
                                 "they are the bin \"(none)\""});
  rows[5].attributes["category"] = "(none)";
  CHECK(draw_rows(rows, settings(4, 1, {by_attribute("category", 0.5)})).bins.at(0).names.back() ==
        "((none))");
}

TEST_CASE("an attribute that no example has is refused with what there is") {
  auto rows = dolly_rows(40);
  rows[0].attributes["language"] = "en";
  rows[1].attributes["empty"] = "";
  CHECK(attribute_error(rows, "categry") ==
        "partition.skew.attribute: no example has the attribute \"categry\"; did you mean "
        "\"category\"?; they have: category, language, target");
  CHECK(attribute_error(rows, "empty") ==
        "partition.skew.attribute: no example has the attribute \"empty\"; they have: category, "
        "language, target");
  for (auto& row : rows)
    row.attributes.clear();
  CHECK(attribute_error(rows, "category") ==
        "partition.skew.attribute: no example has the attribute \"category\"; they have: target");
}

TEST_CASE("a skew with nearly as many bins as examples is noted, with what to use instead") {
  auto rows = dolly_rows(80);
  CHECK(draw_rows(rows, settings(8, 4, {by_group(0.1)})).notes ==
        Notes{"group: 80 bins for 80 training examples, so hardly two are in the same one and the "
              "clients are as if iid; use by = \"attribute\" with one of: \"category\" (8 values), "
              "\"target\" (2 values)"});
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i].group = std::to_string(i / 2);
  CHECK(draw_rows(rows, settings(8, 4, {by_group(0.1)})).notes.empty());
  rows[1].group = "alone";
  CHECK(draw_rows(rows, settings(8, 4, {by_group(0.1)})).notes.size() == 1);
  for (auto& row : rows) {
    row.target = row.id;
    row.attributes.clear();
  }
  CHECK(
      draw_rows(rows, settings(8, 4, {by_attribute("target", 0.1)})).notes ==
      Notes{"attribute (target): 80 bins for 80 training examples, so hardly two are in the same "
            "one and the clients are as if iid; use a field of which many rows have the same value "
            "(docs/data.md says how a row gets attributes), or another skew"});
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i].quality["votes"] = static_cast<double>(i);
  CHECK(
      draw_rows(rows, settings(8, 4, {tests::skew("quality", 0.1, 60)})).notes ==
      Notes{"quality (votes): 60 bins for 80 training examples, so hardly two are in the same one "
            "and the clients are as if iid; use fewer bins"});
}

TEST_CASE("an attribute that is the same everywhere is noted") {
  auto rows = dolly_rows(20);
  for (auto& row : rows)
    row.attributes["category"] = "qa";
  CHECK(draw_rows(rows, settings(2, 1, {by_attribute("category", 0.1)})).notes ==
        Notes{"attribute (category): all training examples have the same, \"qa\", so there is "
              "nothing to spread"});
}

TEST_CASE("a manifest says which attribute was spread, and loads again") {
  const tests::TemporaryFolder folder;
  auto rows = dolly_rows(80);
  rows[9].attributes.clear();
  auto config = settings(8, 4, {by_attribute("category", 0.1)});
  const auto all = tests::all_of(rows);
  const auto drawn = draw_rows(rows, config);
  const auto text = manifest_text(drawn, measure_partition(drawn), rows, config, 42);
  const auto json = nlohmann::json::parse(text);
  CHECK(json["settings"]["skews"][0] ==
        nlohmann::json({{"by", "attribute"}, {"alpha", 0.1}, {"attribute", "category"}}));
  CHECK(json["skews"][0]["by"].get<std::string>() == "attribute");
  CHECK(json["skews"][0]["measure"].get<std::string>() == "category");
  CHECK(json["skews"][0]["bins"][0].get<std::string>() == "category 0");
  config.manifest = folder / "partition.json";
  write_file(config.manifest, text);
  const auto loaded = make_partition(rows, all, config, 1, {});
  CHECK(loaded.clients == drawn.clients);
  CHECK(manifest_text(loaded, measure_partition(loaded), rows, config, 1) == text);
  for (auto& row : rows)
    row.attributes.clear();
  CHECK_THROWS_AS(make_partition(rows, all, config, 1, {}), InputError);
}

TEST_CASE("hundreds of values, with names from hell, leave table and picture whole") {
  std::vector<Example> rows(3000);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].id = rows[i].group = std::to_string(i);
    rows[i].target = "t";
    rows[i].attributes["topic"] = "<&\"'>\x01\n\t\x1b[31m, other (" + std::to_string(i % 700) +
                                  ") and so on and so on, \xE2\x80\xA8 longer than any legend";
  }
  const auto partition = draw_rows(rows, settings(50, 1, {by_attribute("topic", 0.3)}));
  const auto statistics = measure_partition(partition);
  const auto text = to_text(partition, statistics);
  CHECK(text.find_first_of("\x01\x1b\t") == text.npos);
  CHECK(text.find("\xE2\x80\xA8") == text.npos);
  CHECK(text.find("other (691)") != text.npos);
  const auto svg = to_svg(partition, statistics, "name \x02");
  CHECK(svg.find_first_of("\x01\x02\x1b") == svg.npos);
  CHECK(svg.find("&lt;&amp;\"'&gt;\xEF\xBF\xBD\xEF\xBF\xBD") != svg.npos);
  CHECK(svg.find("other (689)") != svg.npos);
  CHECK(svg.find("#4477aa") != svg.npos);
  const std::size_t end = svg.rfind("longer than any legend");
  CHECK(svg.find("</title>", end) != svg.npos);
  CHECK(svg.size() < 300'000);
}

TEST_CASE("a picture of very many clients shows means of neighbours") {
  std::vector<Example> rows(8000);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].id = rows[i].group = std::to_string(i);
    rows[i].target = i % 2 == 0 ? "even" : "odd";
  }
  const auto partition = draw_rows(rows, settings(4000, 1, {by_attribute("target", 1.0)}));
  const auto svg = to_svg(partition, measure_partition(partition), "many");
  CHECK(svg.find("client (each bar is the mean of 3)") != svg.npos);
  CHECK(svg.find("<title>mean of clients 0 to 2, ") != svg.npos);
  CHECK(svg.find("<title>mean of clients 3999 to 3999, ") != svg.npos);
}
