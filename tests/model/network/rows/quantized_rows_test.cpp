#include "model/network/rows/quantized_rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "model/files/half.hpp"
#include "partition/support/random.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

struct CodedBlock {
  std::vector<std::uint8_t> codes;
  float scale;
};

CodedBlock coded(Quantization kind, const std::vector<float>& block) {
  CodedBlock result;
  const auto count = static_cast<std::int64_t>(block.size());
  result.codes.resize(static_cast<std::size_t>(code_bytes(kind, count)));
  result.scale = quantize_block(kind, block.data(), count, result.codes.data());
  return result;
}

std::vector<float> normal_numbers(std::size_t count, std::uint64_t seed) {
  Random random(seed, Purpose::sample);
  std::vector<float> values(count);
  for (float& value : values)
    value = static_cast<float>(0.02 * random.normal());
  return values;
}

/// Codes and scales of all blocks.
struct CodedMatrix {
  Quantization kind;
  std::int64_t block;
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;

  CodedMatrix(Quantization with, std::int64_t of, const std::vector<float>& values)
      : kind(with), block(of) {
    const auto count = static_cast<std::int64_t>(values.size());
    codes.resize(static_cast<std::size_t>(code_bytes(kind, count)));
    for (std::int64_t first = 0; first < count; first += block) {
      scales.push_back(quantize_block(kind, values.data() + first, std::min(block, count - first),
                                      codes.data() + code_bytes(kind, first)));
    }
  }
  [[nodiscard]] QuantizedEntries entries() const {
    return {kind, block, codes.data(), scales.data()};
  }
};

/// x with P(X < x) = p for a standard normal X.
double normal_quantile(double p) {
  double low = -10.0, high = 10.0;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return low;
}

}  // namespace

TEST_CASE("int8 codes are the entries in 127ths of the largest, ties to even") {
  // Entries in units of the scale, 1.
  const CodedBlock own =
      coded(Quantization::int8, {127.0f, -126.5f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 0.49f, 0.0f});
  CHECK(own.scale == 1.0f);
  std::vector<int> codes;
  for (const std::uint8_t code : own.codes)
    codes.push_back(static_cast<std::int8_t>(code));
  CHECK(codes == std::vector<int>{127, -126, 0, 2, 2, 0, -2, 0, 0});
  const CodedBlock negative = coded(Quantization::int8, {-254.0f, 3.0f});
  CHECK(negative.scale == 2.0f);
  CHECK(static_cast<std::int8_t>(negative.codes[0]) == -127);
  CHECK(static_cast<std::int8_t>(negative.codes[1]) == 2);  // 1.5
}

TEST_CASE("NF4's values are the quantiles of a normal distribution that QLoRA defines") {
  // Appendix E: eight quantiles above 0 and seven below, evenly spaced in probability from 1 -
  // 0.9677083 and to 0.9677083, 0 itself, all divided by the largest.
  constexpr double kOffset = 0.9677083;
  const double largest = normal_quantile(kOffset);
  std::vector<double> values = {0.0};
  for (int i = 0; i < 8; ++i)
    values.push_back(normal_quantile(kOffset + (0.5 - kOffset) * i / 8.0) / largest);
  for (int i = 0; i < 7; ++i)
    values.push_back(-normal_quantile(kOffset + (0.5 - kOffset) * i / 7.0) / largest);
  std::sort(values.begin(), values.end());
  REQUIRE(values.size() == kNf4Values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    CHECK(kNf4Values[i] == doctest::Approx(values[i]).epsilon(2e-6));
}

TEST_CASE("NF4 codes are the nearest value's, two to a byte, the first in its upper half") {
  // Of 2: 1 (code 15), -1 (0), 0 (7), 0.08 (8), -0.1 (6), 0.5 (12: nearer to 0.4407 than to
  // 0.5626? 0.0593 to 0.0626), and 0.05, nearer to 0.0796 than to 0.
  const CodedBlock own = coded(Quantization::nf4, {2.0f, -2.0f, 0.0f, 0.16f, -0.2f, 1.0f, 0.1f});
  CHECK(own.scale == 2.0f);
  CHECK(own.codes == std::vector<std::uint8_t>{0xf0, 0x78, 0x6c, 0x80});
  std::vector<float> back(7);
  const QuantizedEntries entries{Quantization::nf4, 64, own.codes.data(), &own.scale};
  dequantize(entries, 0, 7, back.data());
  CHECK(back == std::vector<float>{2.0f, -2.0f, 0.0f, 2 * 0.07958029955625534f,
                                   2 * -0.09105003625154495f, 2 * 0.44070982933044434f,
                                   2 * 0.07958029955625534f});
}

TEST_CASE("no value of NF4 is nearer than the one that was chosen") {
  const std::vector<float> values = normal_numbers(64 * 50, 3);
  const CodedMatrix matrix(Quantization::nf4, 64, values);
  std::vector<float> back(values.size());
  dequantize(matrix.entries(), 0, std::ssize(values), back.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float scale = matrix.scales[i / 64];
    float nearest = std::numeric_limits<float>::infinity();
    for (const float value : kNf4Values)
      nearest = std::min(nearest, std::abs(values[i] - value * scale));
    if (std::abs(values[i] - back[i]) > nearest + 1e-6f * scale) FAIL_CHECK(i);
  }
}

TEST_CASE("what is quantised comes back within half a step, and codes come back as they were") {
  for (const std::size_t size : {std::size_t{1}, std::size_t{63}, std::size_t{453}}) {
    const std::vector<float> values = normal_numbers(size, size);
    const CodedMatrix int8(Quantization::int8, 96, values);
    const CodedMatrix nf4(Quantization::nf4, 64, values);
    std::vector<float> eight(size), four(size);
    dequantize(int8.entries(), 0, std::ssize(values), eight.data());
    dequantize(nf4.entries(), 0, std::ssize(values), four.data());
    for (std::size_t i = 0; i < size; ++i) {
      // Half of 1/127th, and of the widest gap between two values of NF4, -1 to -0.6962.
      CHECK(std::abs(eight[i] - values[i]) <= int8.scales[i / 96] * 0.5001f);
      CHECK(std::abs(four[i] - values[i]) <= nf4.scales[i / 64] * 0.1520f);
    }
    CHECK(CodedMatrix(Quantization::nf4, 64, four).codes == nf4.codes);
    CHECK(CodedMatrix(Quantization::int8, 96, eight).codes == int8.codes);
  }
}

TEST_CASE("any part of a matrix is made alone as it is made in all, and rounds to bfloat16") {
  const std::vector<float> values = normal_numbers(64 * 4 + 21, 11);
  for (const CodedMatrix& matrix :
       {CodedMatrix(Quantization::int8, 31, values), CodedMatrix(Quantization::nf4, 64, values),
        CodedMatrix(Quantization::nf4, 128, values)}) {
    std::vector<float> all(values.size());
    dequantize(matrix.entries(), 0, std::ssize(values), all.data());
    for (const std::size_t first : {std::size_t{0}, std::size_t{1}, std::size_t{63},
                                    std::size_t{64}, std::size_t{130}, std::size_t{200}}) {
      for (std::size_t count = 0; count <= values.size() - first; count += 13) {
        std::vector<float> part(count);
        std::vector<std::uint16_t> narrow(count);
        const auto at = static_cast<std::int64_t>(first);
        dequantize(matrix.entries(), at, static_cast<std::int64_t>(count), part.data());
        dequantize(matrix.entries(), at, static_cast<std::int64_t>(count), narrow.data());
        for (std::size_t i = 0; i < count; ++i) {
          if (part[i] != all[first + i]) FAIL("entry " << i << " from " << first);
          if (narrow[i] != float32_to_bfloat16(all[first + i])) FAIL("rounding of " << i);
        }
      }
    }
  }
}

TEST_CASE("blocks of zeros, of tiny entries and of what is not finite") {
  for (const Quantization kind : {Quantization::int8, Quantization::nf4}) {
    const CodedBlock zeros = coded(kind, std::vector<float>(6, 0.0f));
    CHECK(zeros.scale == 0.0f);
    std::vector<float> back(6, 1.0f);
    dequantize(QuantizedEntries{kind, 64, zeros.codes.data(), &zeros.scale}, 0, 6, back.data());
    CHECK(back == std::vector<float>(6, 0.0f));
    const float tiny = 1e-38f;
    const CodedBlock small = coded(kind, {tiny, -tiny, 0.0f});
    dequantize(QuantizedEntries{kind, 64, small.codes.data(), &small.scale}, 0, 3, back.data());
    CHECK(back[0] == doctest::Approx(1e-38).epsilon(1e-3).scale(0.0));
    CHECK(back[1] == -back[0]);
    CHECK(back[2] == 0.0f);
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    CHECK_FALSE(std::isfinite(coded(kind, {1.0f, -kInfinity, 2.0f}).scale));
    CHECK_FALSE(std::isfinite(coded(kind, {1.0f, std::nanf(""), 2.0f}).scale));
  }
}

TEST_CASE("a matrix takes its codes and a float for each block") {
  CHECK(quantized_bytes(Quantization::int8, 768, 3072) == 768 * 3072 + 4 * 768);
  CHECK(quantized_bytes(Quantization::nf4, 768, 3072) == 768 * 3072 / 2 + 4 * 768 * 3072 / 64);
  CHECK(quantized_bytes(Quantization::nf4, 3, 5) == 8 + 4);
}
