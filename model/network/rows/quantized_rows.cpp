#include "model/network/rows/quantized_rows.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "model/network/rows/instruction_sets.hpp"
#include "model/network/rows/row_kernels.hpp"

namespace lorafleet::model {
namespace {

constexpr std::int64_t kPart = 64;  // entries that are quantised or rounded together

/// NaN where an entry is NaN: the bits of magnitudes are in the order of the magnitudes, NaN last.
LORAFLEET_EACH_ISA float largest_magnitude(const float* entries, std::int64_t count) {
  std::uint32_t largest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(entries[i]) & 0x7fffffffu;
    largest = std::max(largest, magnitude);
  }
  return std::bit_cast<float>(largest);
}

LORAFLEET_EACH_ISA void to_int8(const float* entries, std::int64_t count, double factor,
                                std::uint8_t* codes) {
  constexpr double kShift = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds, ties to even
  for (std::int64_t i = 0; i < count; ++i) {
    const double whole = (static_cast<double>(entries[i]) * factor + kShift) - kShift;
    codes[i] = static_cast<std::uint8_t>(static_cast<std::int8_t>(static_cast<int>(whole)));
  }
}

/// A code for each of at most kPart entries.
LORAFLEET_EACH_ISA void to_nf4(const float* entries, std::int64_t count, float scale,
                               std::uint8_t* codes) {
  float shares[kPart];
  std::int32_t wide[kPart] = {};
  for (std::int64_t i = 0; i < count; ++i)
    shares[i] = entries[i] / scale;
  for (std::size_t value = 0; value + 1 < kNf4Values.size(); ++value) {
    const double below = kNf4Values[value], above = kNf4Values[value + 1];
    const auto middle = static_cast<float>((below + above) / 2);
    for (std::int64_t i = 0; i < count; ++i)
      wide[i] += shares[i] > middle ? 1 : 0;
  }
  for (std::int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<std::uint8_t>(wide[i]);
}

LORAFLEET_EACH_ISA void from_int8(const std::uint8_t* codes, std::int64_t count, float scale,
                                  float* to) {
  for (std::int64_t i = 0; i < count; ++i)
    to[i] = static_cast<float>(static_cast<std::int8_t>(codes[i])) * scale;
}

/// From the code `first` on, counted in halves of bytes.
template <typename Number>
void from_nf4(const std::uint8_t* bytes, std::int64_t first, std::int64_t count,
              const Number* values, Number* to) {
  const auto half = [&](std::int64_t at) {
    return values[at % 2 == 0 ? bytes[at / 2] >> 4 : bytes[at / 2] & 15];
  };
  std::int64_t i = 0;
  if (first % 2 == 1 && count > 0) to[i++] = half(first);
  for (; i + 1 < count; i += 2) {
    const std::uint8_t both = bytes[(first + i) / 2];
    to[i] = values[both >> 4];
    to[i + 1] = values[both & 15];
  }
  if (i < count) to[i] = half(first + i);
}

/// Calls f(first, count, scale) for the parts of the entries that share a scale.
template <typename Function>
void by_block(const QuantizedEntries& from, std::int64_t first, std::int64_t count,
              const Function& f) {
  const std::int64_t end = first + count;
  while (first < end) {
    const std::int64_t block = first / from.block;
    const std::int64_t own = std::min(end, (block + 1) * from.block) - first;
    f(first, own, from.scales[block]);
    first += own;
  }
}

std::array<float, 16> scaled_values(float scale) {
  std::array<float, 16> values = kNf4Values;
  for (float& value : values)
    value *= scale;
  return values;
}

}  // namespace

std::int64_t usual_block(Quantization kind, std::int64_t in) {
  return kind == Quantization::int8 ? in : 64;
}

std::int64_t code_bytes(Quantization kind, std::int64_t entries) {
  return kind == Quantization::int8 ? entries : (entries + 1) / 2;
}

std::int64_t quantized_bytes(Quantization kind, std::int64_t out, std::int64_t in) {
  const std::int64_t block = usual_block(kind, in);
  const std::int64_t blocks = (out * in + block - 1) / block;
  return code_bytes(kind, out * in) + blocks * static_cast<std::int64_t>(sizeof(float));
}

float quantize_block(Quantization kind, const float* entries, std::int64_t count,
                     std::uint8_t* codes) {
  const float largest = largest_magnitude(entries, count);
  if (!std::isfinite(largest)) return largest;
  if (kind == Quantization::int8) {
    const double factor = largest > 0.0f ? 127.0 / static_cast<double>(largest) : 0.0;
    to_int8(entries, count, factor, codes);
    return largest / 127.0f;
  }
  const float scale = largest > 0.0f ? largest : 1.0f;
  for (std::int64_t first = 0; first < count; first += kPart) {
    const std::int64_t own = std::min(kPart, count - first);
    std::uint8_t single[kPart + 1] = {};
    to_nf4(entries + first, own, scale, single);
    for (std::int64_t i = 0; i < own; i += 2)
      codes[(first + i) / 2] = static_cast<std::uint8_t>(single[i] << 4 | single[i + 1]);
  }
  return largest;
}

void dequantize(const QuantizedEntries& from, std::int64_t first, std::int64_t count, float* to) {
  by_block(from, first, count, [&](std::int64_t at, std::int64_t own, float scale) {
    if (from.kind == Quantization::int8) {
      from_int8(from.codes + at, own, scale, to + (at - first));
    } else {
      from_nf4(from.codes, at, own, scaled_values(scale).data(), to + (at - first));
    }
  });
}

void dequantize(const QuantizedEntries& from, std::int64_t first, std::int64_t count,
                std::uint16_t* to) {
  by_block(from, first, count, [&](std::int64_t at, std::int64_t own, float scale) {
    std::uint16_t* const into = to + (at - first);
    if (from.kind == Quantization::nf4) {
      const std::array<float, 16> values = scaled_values(scale);
      std::array<std::uint16_t, 16> rounded{};
      round_to_bfloat16(values.data(), rounded.data(), 16);
      from_nf4(from.codes, at, own, rounded.data(), into);
      return;
    }
    float part[kPart];
    for (std::int64_t i = 0; i < own; i += kPart) {
      const std::int64_t some = std::min(kPart, own - i);
      from_int8(from.codes + at + i, some, scale, part);
      round_to_bfloat16(part, into + i, some);
    }
  });
}

}  // namespace lorafleet::model
