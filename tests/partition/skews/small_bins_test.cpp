#include "partition/skews/small_bins.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/partition/made_examples.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::settings;
using tests::skew;

namespace {

/// Bins of these sizes, one after the other.
Bins bins_of_sizes(const std::vector<std::size_t>& sizes) {
  Bins bins;
  bins.by = bins.measure = "group";
  for (std::uint32_t bin = 0; bin < sizes.size(); ++bin) {
    bins.names.push_back("bin " + std::to_string(bin));
    bins.bin_of.insert(bins.bin_of.end(), sizes[bin], bin);
  }
  return bins;
}

}  // namespace

TEST_CASE("bins whose shares are few are dealt as they are") {
  const auto bins = bins_of_sizes({1, 2, 3});
  const auto dealt = merge_small_bins(bins, 4, {.shares = 12, .examples = 8});
  CHECK(dealt.bins.names == bins.names);
  CHECK(dealt.bins.bin_of == bins.bin_of);
  CHECK(dealt.drawn == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(dealt.note.empty());
}

TEST_CASE("of too many bins the small ones become one of even shares, the others keep their draw") {
  const auto dealt =
      merge_small_bins(bins_of_sizes({1, 4, 2, 5, 1}), 3, {.shares = 14, .examples = 2});
  CHECK(dealt.bins.names == std::vector<std::string>{"bin 1", "bin 3", "(small)"});
  CHECK(dealt.bins.bin_of == std::vector<std::uint32_t>{2, 0, 0, 0, 0, 2, 2, 1, 1, 1, 1, 1, 2});
  CHECK(dealt.drawn == std::vector<std::uint32_t>{1, 3, DealtBins::kEven});
  CHECK(dealt.note ==
        "group: 3 of 5 bins have at most 2 training examples; these are dealt as if iid, since to "
        "draw shares of 3 clients for each would take too long");
}

TEST_CASE("large bins stay, however many") {
  const auto bins = bins_of_sizes({3, 4});
  const auto dealt = merge_small_bins(bins, 3, {.shares = 1, .examples = 2});
  CHECK(dealt.bins.bin_of == bins.bin_of);
  CHECK(dealt.drawn == std::vector<std::uint32_t>{0, 1});
  CHECK(dealt.note.empty());
}

TEST_CASE("52,000 rows that are groups of their own over 5,000 clients: at once, and it is said") {
  std::vector<Example> rows(52000);
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i].id = rows[i].group = i % 100 == 0 ? "common" : "line-" + std::to_string(i + 1);
  std::vector<std::string> told;
  const auto partition =
      draw_partition(rows, tests::all_of(rows), settings(5000, 8, {skew("group", 0.001)}), 42, {},
                     [&](const std::string& note) { told.push_back(note); });
  std::size_t common = 0;
  std::set<std::uint32_t> used;
  for (const auto& client : partition.clients) {
    CHECK(client.size() >= 8);
    used.insert(client.begin(), client.end());
    const auto own = static_cast<std::size_t>(
        std::count_if(client.begin(), client.end(),
                      [&](std::uint32_t row) { return rows[row].group == "common"; }));
    common = std::max(common, own);
  }
  CHECK(used.size() == rows.size());
  CHECK(common > 50);  // of 520: dealt evenly each client would have none or one
  CHECK(partition.bins.at(0).names.size() == 51481);
  CHECK(told == partition.notes);
  REQUIRE(told.size() == 2);
  CHECK(told[0].starts_with("group: 51481 bins for 52000 training examples, so hardly two "));
  CHECK(told[1].starts_with("group: 51480 of 51481 bins have at most 8 training examples; "));
}
