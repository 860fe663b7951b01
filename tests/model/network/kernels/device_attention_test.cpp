#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/model/golden_opt.hpp"
#include "tests/model/network/fused_attention.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/support/fake_gpu.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

double apart(const AttentionNumbers& a, const AttentionNumbers& b) {
  return std::max(std::max(largest_difference(a.out, b.out), largest_difference(a.q, b.q)),
                  std::max(largest_difference(a.k, b.k), largest_difference(a.v, b.v)));
}

/// Whether all values behind the last sequence are zero.
bool empty_behind(const AttentionCase& of, const AttentionNumbers& numbers) {
  for (const std::vector<float>* values : {&numbers.out, &numbers.q, &numbers.k, &numbers.v}) {
    std::size_t rows = static_cast<std::size_t>(of.padding);
    for (const std::int64_t length : of.lengths)
      rows += static_cast<std::size_t>(length);
    const std::size_t width = values->size() / rows;
    for (std::size_t i = values->size() - width * static_cast<std::size_t>(of.padding);
         i < values->size(); ++i) {
      if ((*values)[i] != 0.0f) return false;
    }
  }
  return true;
}

/// Equal and grouped heads, sizes that kernels take and one that they do not, a window, padding.
std::vector<AttentionCase> attention_cases() {
  return {{.heads = 4, .kv_heads = 4, .dim = 8, .lengths = {5, 1, 130}},
          {.heads = 6, .kv_heads = 2, .dim = 16, .lengths = {3, 40}, .padding = 9},
          {.heads = 4, .kv_heads = 1, .dim = 20, .lengths = {200, 7}, .padding = 1},
          {.heads = 4, .kv_heads = 2, .dim = 8, .window = 7, .lengths = {30, 5}, .padding = 3}};
}

/// The numbers of sequence `s` in a case with one width of rows.
std::vector<float> of_sequence(const AttentionCase& of, const std::vector<float>& values,
                               std::size_t s) {
  std::int64_t first = 0, rows = of.padding;
  for (std::size_t i = 0; i < of.lengths.size(); ++i) {
    if (i < s) first += of.lengths[i];
    rows += of.lengths[i];
  }
  const std::int64_t width = static_cast<std::int64_t>(values.size()) / rows;
  return {values.begin() + first * width, values.begin() + (first + of.lengths[s]) * width};
}

}  // namespace

TEST_CASE("there are enough sequences for one sum, whatever a batch holds") {
  for (const std::int64_t heads : {1, 4, 12, 32, 300}) {
    for (const std::size_t count : {1u, 16u, 500u}) {
      std::vector<std::int64_t> offsets = {0};
      for (std::size_t i = 0; i < count; ++i)
        offsets.push_back(offsets.back() + 3);
      const auto starts = starts_of_sequences(offsets, heads);
      CHECK(static_cast<std::int64_t>(starts.size() - 1) * heads >= 256);
      CHECK(starts.size() >= offsets.size());
      for (std::size_t i = 0; i < starts.size(); ++i)
        CHECK(starts[i] == offsets[std::min(i, count)]);
    }
  }
}

TEST_CASE("rows behind the last sequence get zeros from every way to compute attention") {
  for (const AttentionCase& one : attention_cases()) {
    CHECK(empty_behind(one, attention_numbers(one, "cpu")));
    const HostKernelsOff generic;
    CHECK(empty_behind(one, attention_numbers(one, "cpu")));
  }
}

TEST_CASE("a fused kernel's attention is the host's") {
  for (const AttentionCase& one : attention_cases()) {
    const AttentionNumbers host = attention_numbers(one, "cpu");
    for (const bool shares_heads : {false, true}) {
      const AttentionNumbers fused = emulated_attention(one, shares_heads);
      CHECK(apart(fused, host) <= 1e-5);
      CHECK(empty_behind(one, fused));
    }
    CHECK(apart(graph_attention_numbers(one, "cpu"), host) <= 1e-6);
  }
}

TEST_CASE("a kernel is used only where it means the same by a window") {
  CHECK(plain_kernel_works(0, 0));
  CHECK(plain_kernel_works(3, 0));
  CHECK_FALSE(plain_kernel_works(3, 1));
  CHECK_FALSE(plain_kernel_works(3, -1));
}

TEST_CASE("no fused kernel is called on the host") {
  CHECK(fused_kernel_name(attention_cases().front(), "cpu") == "none");
}

TEST_CASE("a GPU's fused attention is the host's") {
  const std::string device = test_device();
  if (device == "cpu") return;
  for (AttentionCase one : attention_cases()) {
    const AttentionNumbers host = attention_numbers(one, "cpu");
    for (const std::string type : {"float32", "bfloat16"}) {
      one.type = type;
      const std::string kernel = fused_kernel_name(one, device);
      const AttentionNumbers fused = attention_numbers(one, device);
      const double distance = apart(fused, host);
      MESSAGE(type << " heads of " << one.dim << ", window " << one.window << ", by " << kernel
                   << ": " << distance);
      CHECK((kernel != "none" || fake_gpu_transfers()));
      CHECK(distance <= (type == "float32" ? 1e-4 : 0.1));
      CHECK(empty_behind(one, fused));
      CHECK(apart(graph_attention_numbers(one, device), fused) == 0.0);
    }
  }
}

TEST_CASE("a GPU's attention of a sequence has the same bits alone and among others") {
  const std::string device = test_device();
  if (device == "cpu") return;
  for (const std::string type : {"float32", "bfloat16"}) {
    for (const std::int64_t window : {0, 40}) {
      AttentionCase alone{.heads = 12,
                          .kv_heads = 4,
                          .dim = 64,
                          .window = window,
                          .lengths = {333},
                          .seeds = {7},
                          .type = type};
      AttentionCase among = alone;
      among.lengths = {70, 500, 333, 1, 33, 129, 128, 20, 333, 11, 12, 13, 14, 15, 16, 17};
      among.seeds = {1, 2, 7, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16};
      among.padding = 100;
      const AttentionNumbers one = attention_numbers(alone, device);
      const AttentionNumbers many = attention_numbers(among, device);
      const AttentionNumbers again = attention_numbers(among, device);
      CHECK(of_sequence(among, many.out, 2) == one.out);
      CHECK(of_sequence(among, many.q, 2) == one.q);
      CHECK(of_sequence(among, many.k, 2) == one.k);
      CHECK(of_sequence(among, many.v, 2) == one.v);
      CHECK(apart(many, again) == 0.0);
    }
  }
}
