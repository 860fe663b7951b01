#include "partition/picture/picture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "partition/picture/legend.hpp"
#include "partition/support/files.hpp"
#include "tests/partition/made_examples.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::settings;
using tests::skew;

namespace {

Partition draw_made(std::int64_t clients, std::size_t count, std::vector<SkewConfig> skews) {
  const auto examples = tests::make_examples(count);
  return draw_partition(examples, tests::all_of(examples), settings(clients, 1, std::move(skews)),
                        42, tests::count_tokens);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("many bins fold into the largest and the others, without losing an example") {
  SkewStatistics statistics;
  statistics.bins = {"a", "b", "c", "d"};
  statistics.table = {{{0, 1}, {1, 5}, {3, 2}}, {{0, 1}, {1, 4}, {2, 3}, {3, 9}}};
  const auto folded = fold_bins(statistics, 3);
  CHECK(folded.bins == std::vector<std::string>{"b", "d", "other (2)"});
  CHECK(folded.rows == std::vector<std::vector<std::size_t>>{{5, 2, 1}, {4, 9, 4}});
  const auto whole = fold_bins(statistics, 4);
  CHECK(whole.bins == statistics.bins);
  CHECK(whole.rows == std::vector<std::vector<std::size_t>>{{1, 5, 0, 2}, {1, 4, 3, 9}});
}

TEST_CASE("a bin's name from hell is text of the picture, and of nothing else") {
  auto examples = tests::make_examples(40);
  for (auto& example : examples)
    example.group = "</svg><script>&\x1B[31m\n, \"" + example.group;
  const auto partition =
      draw_partition(examples, tests::all_of(examples), settings(4, 1, {skew("group", 0.5)}), 42,
                     tests::count_tokens);
  const auto svg = to_svg(partition, measure_partition(partition), "</script>");
  CHECK(count_of(svg, "<script") == 0);
  CHECK(count_of(svg, "</script") == 0);
  CHECK(count_of(svg, "</svg>") == 1);
  CHECK(svg.find('\x1B') == svg.npos);
  CHECK(count_of(svg, "&lt;/svg&gt;&lt;script&gt;&amp;\xEF\xBF\xBD[31m") > 0);
}

TEST_CASE("the picture has a bar piece for each filled cell, with its count") {
  const auto partition = draw_made(20, 800, {skew("context_length", 0.5), skew("group", 0.5)});
  const auto statistics = measure_partition(partition);
  const auto svg = to_svg(partition, statistics, "a < b & c");
  std::size_t filled = 0;
  for (const auto& one : statistics.skews) {
    for (const auto& row : one.table) {
      filled += row.size();
    }
  }
  CHECK(count_of(svg, "<title>") == filled);
  CHECK(count_of(svg, "<rect ") == filled + 5 + 10 + 1);
  CHECK(count_of(svg, "a &lt; b &amp; c") == 1);
  CHECK(svg.ends_with("</svg>\n"));
  const auto& row = statistics.skews[1].table[11];
  const auto most = std::max_element(
      row.begin(), row.end(), [](const auto& a, const auto& b) { return a.count < b.count; });
  const std::string bin = statistics.skews[1].bins[most->bin];
  CHECK(count_of(svg, "client 11, " + bin + ": " + std::to_string(most->count) + "<") == 1);
  if (const char* folder = std::getenv("LORAFLEET_PICTURES")) {
    write_file(std::string(folder) + "/20.svg", svg);
    const auto large = draw_made(200, 8000, {skew("context_length", 0.3), skew("quantity", 3.0)});
    write_file(std::string(folder) + "/200.svg", to_svg(large, measure_partition(large), "Large"));
    const auto plain = draw_made(20, 500, {skew("quantity", 1.0)});
    write_file(std::string(folder) + "/plain.svg",
               to_svg(plain, measure_partition(plain), "Plain"));
  }
}

TEST_CASE("the table for the terminal shows sizes, distances and up to 40 clients") {
  Partition partition;
  partition.training = {0, 1, 2, 3};
  partition.clients = {{0}, {1, 2, 3}};
  partition.notes = {"a note"};
  partition.bins.push_back({.by = "quality",
                            .measure = "votes",
                            .edges = {0.5},
                            .names = {"< 0.5", ">= 0.5"},
                            .bin_of = {0, 0, 1, 1}});
  CHECK(to_text(partition, measure_partition(partition)) ==
        "4 examples over 2 clients\n"
        "sizes   min 1, p25 1.5, median 2, p75 2.5, max 3, Gini 0.250\n"
        "quality (votes): Jensen-Shannon distance to the pooled data, mean 0.351 (iid with these "
        "sizes: 0.351), max 0.558\n"
        "note: a note\n"
        "\n"
        "quality (votes): examples by client and bin\n"
        "  client    size      JS  < 0.5  >= 0.5\n"
        "       0       1   0.558      1       .  #######\n"
        "       1       3   0.144      1       2  ####################\n");
  const auto many = draw_made(50, 500, {});
  const auto text = to_text(many, measure_partition(many));
  CHECK(text.find("... and 10 more clients") != text.npos);
  CHECK(count_of(text, "\n") == 2 + 2 + 40 + 1);
}

TEST_CASE("long names of bins are cut off in the terminal's table") {
  auto examples = tests::make_examples(40);
  for (auto& e : examples) {
    e.group = "größer.als.ein.Fenster" + e.group;
  }
  const auto partition = draw_partition(examples, tests::all_of(examples),
                                        settings(4, 1, {skew("group", 1.0)}), 1, {});
  const auto text = to_text(partition, measure_partition(partition));
  CHECK(count_of(text, "  größer.als.e..") == 10);
}
