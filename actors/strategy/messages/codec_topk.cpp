#include <algorithm>
#include <cmath>

#include "actors/strategy/messages/codec.hpp"

namespace lorafleet::strategy {
namespace {

std::size_t kept_values(double share, std::size_t values) {
  // 0.1 * 30 is a little more than 3.
  const double wanted = std::ceil(share * static_cast<double>(values) * (1.0 - 1e-12));
  return std::min(static_cast<std::size_t>(wanted), values);
}

void to_topk(std::span<float> values, std::span<const model::TensorRange> ranges, double share) {
  std::vector<std::size_t> places;
  for (const model::TensorRange& range : ranges) {
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

/// The k = ceil(share n) values of the largest magnitude of all n, equal ones by their place, as
/// float32 with a 4 byte index each: 8 k bytes. The others are read as 0.
class TopkCodec final : public Codec {
 public:
  explicit TopkCodec(double share) : share_(share) {
    sim::NetworkConfig::kTopkShare.require("network.topk_share", share);
  }
  [[nodiscard]] std::int64_t bytes(std::size_t values, std::size_t) const override {
    return static_cast<std::int64_t>(8 * kept_values(share_, values));
  }
  void pass(std::span<float> values, std::span<const model::TensorRange> tensors) const override {
    to_topk(values, tensors, share_);
  }

 private:
  double share_;
};

}  // namespace

CodecEntry topk() {
  return {.name = "topk",
          .keys = {"topk_share", "error_feedback"},
          .sparse = true,
          .make = [](const sim::NetworkConfig& network) -> CodecPtr {
            return std::make_shared<const TopkCodec>(network.topk_share);
          }};
}

}  // namespace lorafleet::strategy
