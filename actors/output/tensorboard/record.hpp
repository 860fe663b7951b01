#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lorafleet::actors::tensorboard {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), bit by bit as with Intel's crc32 instruction.
std::uint32_t crc32c(std::string_view bytes);

/// The sum as TFRecord files keep it: turned by 15 bits, plus 0xa282ead8.
std::uint32_t masked_crc32c(std::string_view bytes);

/// One record of a TFRecord file: length (64 bits), its masked sum, the bytes, their masked sum;
/// numbers are little-endian.
std::string record_of(std::string_view bytes);

}  // namespace lorafleet::actors::tensorboard
