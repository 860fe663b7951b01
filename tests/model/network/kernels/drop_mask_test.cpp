#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/network/rows/drop_entries.hpp"
#include "tests/model/network/fused_attention.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// Rows with sources of their own, and one mask whose entries are counted through.
std::vector<MaskRow> mask_rows(std::uint32_t width) {
  std::vector<MaskRow> rows = {{0, 0, 0},
                               {0x0123456789abcdefu, 0xfedcba9876543210u, 0},
                               {~std::uint64_t{0}, ~std::uint64_t{0}, 0}};
  for (std::uint32_t i = 0; i < 5; ++i)
    rows.push_back({42, 43, i * width});
  return rows;
}

std::vector<float> by_drop_entries(const std::vector<MaskRow>& rows, std::size_t width,
                                   double probability) {
  std::vector<float> mask;
  for (const MaskRow& row : rows) {
    std::vector<float> values(row.first + width, 1.0f);
    drop_entries(values, {row.key, row.counter}, probability);
    mask.insert(mask.end(), values.begin() + row.first, values.end());
  }
  return mask;
}

}  // namespace

TEST_CASE("the text that a GPU compiles decides as the host does, bit for bit") {
  for (const std::uint32_t width : {1u, 16u, 63u, 64u, 65u, 100u, 768u}) {
    for (const double probability : {0.05, 0.1, 0.5, 0.999, 1e-12}) {
      const auto rows = mask_rows(width);
      CHECK(host_compiled_mask(rows, width, probability) ==
            by_drop_entries(rows, width, probability));
    }
  }
}

TEST_CASE("a GPU's masks are the host's, bit for bit") {
  const std::string device = test_device();
  if (device == "cpu") return;
  REQUIRE(device_draws_masks(device));
  for (const std::uint32_t width : {1u, 64u, 100u, 768u}) {
    for (const double probability : {0.05, 0.5, 1e-12}) {
      const auto rows = mask_rows(width);
      CHECK(device_mask(rows, width, probability, device) ==
            by_drop_entries(rows, width, probability));
    }
  }
}

TEST_CASE("rows that continue one another are decided as rows of their own are") {
  for (const std::uint32_t width : {1u, 64u, 1000u}) {
    const auto rows = mask_rows(width);
    const auto words = mask_words(rows, width, false, test_device());
    CHECK(words.size() == 5 * rows.size());
    CHECK(mask_words(rows, width, true, test_device()) == words);
  }
}

TEST_CASE("the host has no kernel that draws masks") {
  CHECK_FALSE(device_draws_masks("cpu"));
  CHECK_THROWS(device_mask({{1, 2, 0}}, 4, 0.5, "cpu"));
}
