#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace lorafleet::model {

/// What a frozen matrix is held in: numbers of the base's type, or codes of a few bits with a scale
/// for each block of entries. int8: signed whole numbers (Dettmers et al., arXiv 2208.07339, the
/// weights' part). nf4: one of sixteen values (NormalFloat; Dettmers et al., arXiv 2305.14314,
/// appendix E), two codes to a byte, the first of them in its upper half.
enum class Quantization { none, int8, nf4 };

/// The sixteen values of NF4, ascending: by code.
inline constexpr std::array<float, 16> kNf4Values = {-1.0f,
                                                     -0.6961928009986877f,
                                                     -0.5250730514526367f,
                                                     -0.39491748809814453f,
                                                     -0.28444138169288635f,
                                                     -0.18477343022823334f,
                                                     -0.09105003625154495f,
                                                     0.0f,
                                                     0.07958029955625534f,
                                                     0.16093020141124725f,
                                                     0.24611230194568634f,
                                                     0.33791524171829224f,
                                                     0.44070982933044434f,
                                                     0.5626170039176941f,
                                                     0.7229568362236023f,
                                                     1.0f};

/// Entries that share a scale where this project makes the codes: a row of int8, 64 of NF4.
std::int64_t usual_block(Quantization kind, std::int64_t in);

/// Bytes of so many entries' codes.
std::int64_t code_bytes(Quantization kind, std::int64_t entries);

/// Codes and scales of a matrix [out, in] in all, as they lie in memory: blocks of usual_block.
std::int64_t quantized_bytes(Quantization kind, std::int64_t out, std::int64_t in);

/// Writes the codes of a block of `count` entries and returns its scale: of int8 the largest
/// magnitude / 127, of nf4 the largest magnitude. Each entry becomes the nearest value, of two
/// equally near ones the even (int8) or the lower one (nf4). The scale is not finite where an entry
/// is not; then the codes mean nothing.
float quantize_block(Quantization kind, const float* entries, std::int64_t count,
                     std::uint8_t* codes);

/// A matrix as codes and scales, row after row; int8 codes as the bytes of signed numbers.
struct QuantizedEntries {
  Quantization kind = Quantization::none;
  std::int64_t block = 64;  ///< entries that share a scale; even for nf4
  const std::uint8_t* codes = nullptr;
  const float* scales = nullptr;
};

/// Entries `first`, `first` + 1, ...: value of the code * scale, rounded to float32.
void dequantize(const QuantizedEntries& from, std::int64_t first, std::int64_t count, float* to);

/// The same rounded again, to the nearest bfloat16, ties to even.
void dequantize(const QuantizedEntries& from, std::int64_t first, std::int64_t count,
                std::uint16_t* to);

}  // namespace lorafleet::model
