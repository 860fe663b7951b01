#include "model/network/rows/drop_entries.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace lorafleet::model;

TEST_CASE("the generator gives the known answers of Philox4x32-10") {
  // Those that Random123 is published with.
  struct Known {
    std::uint32_t counter[4], key[2], out[4];
  };
  const Known known[] = {{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
                         {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                          {0xffffffff, 0xffffffff},
                          {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
                         {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                          {0xa4093822, 0x299f31d0},
                          {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const Known& one : known) {
    std::uint32_t out[4] = {};
    philox4x32(one.counter, one.key, out);
    for (int w = 0; w < 4; ++w) {
      CHECK(out[w] == one.out[w]);
    }
  }
}

TEST_CASE("each entry goes by its own word, whatever the row's length") {
  constexpr DropSource kSource{0x0123456789abcdefu, 0xfedcba9876543210u};
  constexpr double kProbability = 0.3;
  const auto below = static_cast<std::uint32_t>(std::llround((1.0 - kProbability) * 0x1p32));
  const auto scale = static_cast<float>(1.0 / (1.0 - kProbability));
  for (const std::size_t size : {1u, 15u, 16u, 17u, 63u, 64u, 65u, 200u, 768u}) {
    std::vector<float> values(size, 2.0f);
    drop_entries(values, kSource, kProbability);
    bool right = true;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t in_group = i % 64;
      const std::uint32_t counter[4] = {static_cast<std::uint32_t>(16 * (i / 64) + in_group % 16),
                                        0, static_cast<std::uint32_t>(kSource.counter),
                                        static_cast<std::uint32_t>(kSource.counter >> 32)};
      const std::uint32_t key[2] = {static_cast<std::uint32_t>(kSource.key),
                                    static_cast<std::uint32_t>(kSource.key >> 32)};
      std::uint32_t out[4];
      philox4x32(counter, key, out);
      right = right && values[i] == (out[in_group / 16] < below ? 2.0f * scale : 0.0f);
    }
    CAPTURE(size);
    CHECK(right);
  }
}

TEST_CASE("nothing is dropped with a probability of less than the generator can tell") {
  std::vector<float> values(100, 1.5f);
  drop_entries(values, {1, 2}, 1e-12);
  CHECK(values == std::vector<float>(100, 1.5f));
}
