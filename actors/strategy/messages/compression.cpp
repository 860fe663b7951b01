#include "actors/strategy/messages/compression.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "actors/strategy/lora/factor_tensors.hpp"
#include "model/files/half.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::strategy {
namespace {

constexpr float kLargestFloat16 = 65504.0f;
constexpr float kLargestBfloat16 = 0x1.fep127f;

const std::vector<std::pair<std::string, Codec>>& codecs() {
  static const std::vector<std::pair<std::string, Codec>> kCodecs = {{"none", Codec::none},
                                                                     {"float16", Codec::float16},
                                                                     {"bfloat16", Codec::bfloat16},
                                                                     {"int8", Codec::int8},
                                                                     {"topk", Codec::topk}};
  return kCodecs;
}

std::size_t kept_values(double share, std::size_t values) {
  // 0.1 * 30 is a little more than 3.
  const double wanted = std::ceil(share * static_cast<double>(values) * (1.0 - 1e-12));
  return std::min(static_cast<std::size_t>(wanted), values);
}

void to_float16(std::span<float> values) {
  for (float& x : values) {
    x = model::float16_to_float32(
        model::float32_to_float16(std::clamp(x, -kLargestFloat16, kLargestFloat16)));
  }
}

void to_bfloat16(std::span<float> values) {
  for (float& x : values) {
    x = model::bfloat16_to_float32(
        model::float32_to_bfloat16(std::clamp(x, -kLargestBfloat16, kLargestBfloat16)));
  }
}

void to_int8(std::span<float> values) {
  float largest = 0.0f;
  for (const float x : values)
    largest = std::max(largest, std::abs(x));
  const float scale = largest / 127.0f;
  for (float& x : values) {
    // A scale that underflows loses the tensor.
    const double q = scale > 0.0f ? std::nearbyint(static_cast<double>(x) / scale) : 0.0;
    x = static_cast<float>(std::clamp(q, -127.0, 127.0)) * scale;
  }
}

void to_topk(std::span<float> values, const std::vector<TensorRange>& ranges, double share) {
  std::vector<std::size_t> places;
  for (const TensorRange& range : ranges) {
    for (std::size_t i = 0; i < range.size; ++i)
      places.push_back(range.offset + i);
  }
  const auto first_lost =
      places.begin() + static_cast<std::ptrdiff_t>(kept_values(share, places.size()));
  if (first_lost == places.end()) return;
  std::nth_element(places.begin(), first_lost, places.end(), [&](std::size_t a, std::size_t b) {
    const float left = std::abs(values[a]);
    const float right = std::abs(values[b]);
    return left != right ? left > right : a < b;
  });
  for (auto place = first_lost; place != places.end(); ++place)
    values[*place] = 0.0f;
}

Compression compression_of(const char* key, const std::string& name,
                           const std::vector<std::string>& known, double share) {
  const Compression compression{parse_codec(key, name, known), share};
  if (compression.codec == Codec::topk && (!(share > 0.0) || !(share <= 1.0))) {
    throw InputError("network.topk_share", "must be above 0 and at most 1");
  }
  return compression;
}

}  // namespace

std::vector<std::string> uplink_codecs() {
  std::vector<std::string> names;
  for (const auto& [name, codec] : codecs())
    names.push_back(name);
  return names;
}

std::vector<std::string> downlink_codecs() {
  auto names = uplink_codecs();
  std::erase(names, "topk");
  return names;
}

Codec parse_codec(const std::string& key, const std::string& name,
                  const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    for (const auto& [own, codec] : codecs()) {
      if (own == name) return codec;
    }
  }
  throw InputError(key, "\"" + name + "\" is not known; known: " + join(known));
}

Compression Compression::up(const sim::NetworkConfig& network) {
  return compression_of("network.compress_up", network.compress_up, uplink_codecs(),
                        network.topk_share);
}

Compression Compression::down(const sim::NetworkConfig& network) {
  return compression_of("network.compress_down", network.compress_down, downlink_codecs(),
                        network.topk_share);
}

std::int64_t message_bytes(const model::AdapterLayout& layout, model::Factors carried,
                           const Compression& compression) {
  const auto ranges = factor_tensors(layout, carried);
  std::size_t values = 0;
  for (const TensorRange& range : ranges)
    values += range.size;
  switch (compression.codec) {
    case Codec::none:
      return static_cast<std::int64_t>(4 * values);
    case Codec::float16:
    case Codec::bfloat16:
      return static_cast<std::int64_t>(2 * values);
    case Codec::int8:
      return static_cast<std::int64_t>(values + 4 * ranges.size());
    case Codec::topk:
      return static_cast<std::int64_t>(8 * kept_values(compression.topk_share, values));
  }
  return 0;
}

std::vector<float> decoded(const model::AdapterLayout& layout, model::Factors carried,
                           const Compression& compression, std::span<const float> values) {
  std::vector<float> read(values.begin(), values.end());
  const auto ranges = factor_tensors(layout, carried);
  if (compression.codec == Codec::topk) {
    to_topk(read, ranges, compression.topk_share);
    return read;
  }
  for (const TensorRange& range : ranges) {
    const auto tensor = std::span(read).subspan(range.offset, range.size);
    switch (compression.codec) {
      case Codec::float16:
        to_float16(tensor);
        break;
      case Codec::bfloat16:
        to_bfloat16(tensor);
        break;
      case Codec::int8:
        to_int8(tensor);
        break;
      case Codec::none:
      case Codec::topk:
        break;
    }
  }
  return read;
}

model::AdapterPtr received(const model::AdapterPtr& sent, model::Factors carried,
                           const Compression& compression) {
  if (compression.codec == Codec::none || !model::all_finite(*sent)) return sent;
  auto adapter = std::make_shared<model::Adapter>(*sent);
  adapter->values = decoded(*sent->layout, carried, compression, sent->values);
  return adapter;
}

}  // namespace lorafleet::strategy
