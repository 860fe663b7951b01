#include "model/network/quantization/quantized_weight.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

constexpr std::int64_t kEntriesAtOnce = std::int64_t{1} << 20;

QuantizedEntries entries_of(const QuantizedWeight& weight) {
  return {weight.kind, weight.block, weight.codes.data(), weight.scales.data()};
}

}  // namespace

QuantizedWeight::QuantizedWeight(Quantization with, std::int64_t outputs, std::int64_t inputs,
                                 std::int64_t block_size)
    : kind(with),
      out(outputs),
      in(inputs),
      block(block_size),
      codes(static_cast<std::size_t>(code_bytes(with, outputs * inputs))),
      scales(static_cast<std::size_t>((outputs * inputs + block_size - 1) / block_size)) {}

void QuantizedWeight::read(bool turned,
                           const std::function<void(std::span<const float>)>& sink) const {
  const std::int64_t most = turned ? size() : std::min(size(), kEntriesAtOnce);
  std::vector<float> values(static_cast<std::size_t>(most));
  for (std::int64_t first = 0; first < size(); first += most) {
    const std::int64_t count = std::min(most, size() - first);
    dequantize(entries_of(*this), first, count, values.data());
    if (turned) values = transposed(values, out, in);
    sink(std::span<const float>(values).first(static_cast<std::size_t>(count)));
  }
}

std::vector<float> transposed(std::span<const float> values, std::int64_t rows,
                              std::int64_t columns) {
  std::vector<float> result(values.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c)
      result[static_cast<std::size_t>(c * rows + r)] =
          values[static_cast<std::size_t>(r * columns + c)];
  }
  return result;
}

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
