#include "model/network/quantization/quantized_weight.hpp"

#include <algorithm>

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

}  // namespace lorafleet::model
