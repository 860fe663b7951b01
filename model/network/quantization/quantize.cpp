#include "model/network/quantization/quantize.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "partition/support/error.hpp"

namespace lorafleet::model {

QuantizedWeight quantized(std::span<const float> values, Quantization kind, std::int64_t out,
                          std::int64_t in, const std::string& file, const std::string& tensor) {
  QuantizedWeight weight(kind, out, in, usual_block(kind, in));
  const auto blocks = static_cast<std::int64_t>(weight.scales.size());
  const std::int64_t grain = std::max<std::int64_t>(1, 65536 / weight.block);
  at::parallel_for(0, blocks, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      const std::int64_t first = b * weight.block;
      weight.scales[static_cast<std::size_t>(b)] =
          quantize_block(kind, values.data() + first, std::min(weight.block, weight.size() - first),
                         weight.codes.data() + code_bytes(kind, first));
    }
  });
  if (!std::all_of(weight.scales.begin(), weight.scales.end(),
                   [](float scale) { return std::isfinite(scale); })) {
    throw InputError(file, "tensor " + tensor + " has values that are not finite, which " +
                               "model.quantization cannot hold");
  }
  return weight;
}

}  // namespace lorafleet::model
