#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "actors/sim/config.hpp"
#include "model/adapter/adapter.hpp"

namespace lorafleet::strategy {

/// How the values of a message are written. Each is a pure function of the values, the same on
/// every machine.
///   none:     float32, 4 bytes a value.
///   float16:  IEEE binary16, 2 bytes a value: to the nearest, ties to even; beyond +-65504 to
///   that. bfloat16: 2 bytes a value, in the same way. int8:     1 byte a value and 4 bytes a
///   factor tensor: scale = max |x| / 127 as float32, q = x /
///             scale to the nearest, ties to even; read back as q scale.
///   topk:     the k = ceil(share n) values of the largest magnitude of all n, equal ones by their
///             place, as float32 with a 4 byte index each: 8 k bytes. The others are read as 0.
/// A message is the values alone: no names, no shapes.
enum class Codec { none, float16, bfloat16, int8, topk };

/// "compress_up" may have all, "compress_down" all but topk (an adapter is not sparse).
std::vector<std::string> uplink_codecs();
std::vector<std::string> downlink_codecs();
/// Throws InputError, naming `key`, for a name not in `known`.
Codec parse_codec(const std::string& key, const std::string& name,
                  const std::vector<std::string>& known);

/// One direction of [network]'s compression.
struct Compression {
  Codec codec = Codec::none;
  double topk_share = 0.1;

  /// Of [network] compress_up or compress_down. Throws InputError.
  static Compression up(const sim::NetworkConfig& network);
  static Compression down(const sim::NetworkConfig& network);
};

/// Bytes of a message with these factors, for any values.
std::int64_t message_bytes(const model::AdapterLayout& layout, model::Factors carried,
                           const Compression& compression);

/// `values`, laid out as the adapter, as the receiver reads those of the carried factors; the
/// others, which do not travel, stay as they are. All carried ones must be finite.
std::vector<float> decoded(const model::AdapterLayout& layout, model::Factors carried,
                           const Compression& compression, std::span<const float> values);

/// What a client gets when this adapter is sent down to it: `sent` itself without compression. A
/// pure function of the adapter, so one copy serves all clients. Where an adapter is not finite it
/// is passed on as it is.
model::AdapterPtr received(const model::AdapterPtr& sent, model::Factors carried,
                           const Compression& compression);

}  // namespace lorafleet::strategy
