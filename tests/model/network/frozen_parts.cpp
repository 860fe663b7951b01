#include "tests/model/network/frozen_parts.hpp"

#include <ATen/ATen.h>

#include "model/network/layers/frozen_matrix.hpp"

namespace lorafleet::tests {
namespace {

template <typename Number>
at::Tensor tensor_of(const std::vector<Number>& numbers, at::ScalarType type) {
  return at::from_blob(const_cast<Number*>(numbers.data()), {std::ssize(numbers)}, type).clone();
}

model::FrozenMatrix frozen(const FrozenPart& part, at::ScalarType type) {
  using model::kNf4Values;
  if (part.kind == model::Quantization::none) {
    return tensor_of(part.numbers, at::kFloat).view({part.out, part.in}).to(type);
  }
  const bool int8 = part.kind == model::Quantization::int8;
  std::vector<float> pairs;
  for (std::size_t byte = 0; byte < 256; ++byte)
    pairs.insert(pairs.end(), {kNf4Values[byte / 16], kNf4Values[byte % 16]});
  return {model::QuantizedMatrix{part.kind, part.out, part.in, part.block,
                                 tensor_of(part.codes, int8 ? at::kChar : at::kByte),
                                 tensor_of(part.numbers, at::kFloat),
                                 tensor_of(pairs, at::kFloat).view({256, 2})},
          type};
}

}  // namespace

std::vector<float> dense_numbers(const std::vector<FrozenPart>& parts, bool narrow) {
  const at::ScalarType type = narrow ? at::kBFloat16 : at::kFloat;
  std::vector<model::FrozenMatrix> matrices;
  for (const FrozenPart& part : parts)
    matrices.push_back(frozen(part, type));
  const at::Tensor dense = model::FrozenMatrix::below_each_other(matrices).dense().to(at::kFloat);
  return {dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel()};
}

}  // namespace lorafleet::tests
