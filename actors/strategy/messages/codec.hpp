#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "actors/sim/config.hpp"
#include "model/adapter/factor_tensors.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

/// How the values of a message are written: a pure function of the values, the same on every
/// machine. A message is the values alone: no names, no shapes.
class Codec {
 public:
  virtual ~Codec() = default;
  /// Bytes of a message of `values` values in `tensors` factor tensors.
  [[nodiscard]] virtual std::int64_t bytes(std::size_t values, std::size_t tensors) const = 0;
  /// Makes of the finite values in `tensors` what the receiver reads of them.
  virtual void pass(std::span<float> values, std::span<const model::TensorRange> tensors) const = 0;
};

/// Null: float32 as it is, 4 bytes a value.
using CodecPtr = std::shared_ptr<const Codec>;

/// What is known of a codec without making it.
struct CodecEntry {
  std::string name;
  std::vector<std::string> keys = {};  ///< without "network."
  bool sparse = false;                 ///< for changes alone: an adapter is not sparse
  /// Gives null for the one that changes nothing. Throws InputError for options out of range.
  CodecPtr (*make)(const sim::NetworkConfig&) = nullptr;
};

/// [network] compress_up and, without the sparse ones, compress_down.
const Registry<CodecEntry>& codecs();
std::vector<std::string> uplink_codecs();
std::vector<std::string> downlink_codecs();

/// The codec of [network] compress_up or compress_down. Throws InputError.
CodecPtr uplink_codec(const sim::NetworkConfig& network);
CodecPtr downlink_codec(const sim::NetworkConfig& network);

}  // namespace lorafleet::strategy
