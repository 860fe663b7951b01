#include "model/network/weight_reader.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "model/network/agreed_held.hpp"
#include "model/network/quantization/bitsandbytes.hpp"
#include "model/network/quantization/quantize.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) {
    sizes.push_back(std::to_string(size));
  }
  return "[" + join(sizes) + "]";
}

at::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::float16:
      return at::kHalf;
    case DType::bfloat16:
      return at::kBFloat16;
    default:
      return at::kFloat;
  }
}

}  // namespace

at::ScalarType base_dtype(const std::string& name, at::Device device) {
  if (name == "float32") return at::kFloat;
  if (name == "bfloat16") return at::kBFloat16;
  if (name != "float16") {
    throw InputError("model.dtype", "must be float32, bfloat16 or float16, not \"" + name + "\"");
  }
  if (device.is_cpu()) {
    throw InputError("model.dtype",
                     "float16 needs a GPU: LibTorch has no float16 matrix products on CPUs; "
                     "allowed there: float32, bfloat16");
  }
  return at::kHalf;
}

FrozenLinear WeightReader::linear(const std::string& name, const LinearShape& shape) {
  FrozenMatrix weight = linear_weight(name, shape);
  return {std::move(weight), shape.bias ? vector(name + ".bias", shape.out) : at::Tensor()};
}

FrozenMatrix WeightReader::linear_weight(const std::string& module, const LinearShape& shape) {
  const std::string name = module + ".weight";
  const std::string key = key_of(name);
  if (agreed_held(form_.files, checkpoint_, key, module) != Quantization::none) {
    // GPT-2's lie as [out, in] here, as all others do.
    QuantizedWeight weight = read_quantized(checkpoint_, key, shape.out, shape.in);
    for (const std::string& own : tensors_of(checkpoint_, key))
      taken_.insert(own);
    return {placed(std::move(weight)), form_.dtype};
  }
  const bool made =
      form_.quantization != Quantization::none && form_.files.kind == Quantization::none;
  const at::ScalarType type = made ? at::kFloat : form_.dtype;
  const at::Tensor weight = shape.transposed
                                ? read(name, {shape.in, shape.out}, type).t().contiguous()
                                : read(name, {shape.out, shape.in}, type);
  if (!made) return weight.to(form_.device);
  const std::span values(weight.data_ptr<float>(), static_cast<std::size_t>(weight.numel()));
  return {placed(quantized(values, form_.quantization, shape.out, shape.in,
                           checkpoint_.path_of(*checkpoint_.find(key)).string(), key)),
          form_.dtype};
}

QuantizedMatrix WeightReader::placed(QuantizedWeight weight) const {
  const auto copied = [&](auto& values, at::ScalarType type) {
    const at::Tensor view =
        at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, type);
    return view.to(at::TensorOptions(form_.device), /*non_blocking=*/false, /*copy=*/true);
  };
  const bool int8 = weight.kind == Quantization::int8;
  QuantizedMatrix matrix{weight.kind, weight.out, weight.in, weight.block, {}, {}, {}};
  matrix.codes = copied(weight.codes, int8 ? at::kChar : at::kByte);
  matrix.scales = copied(weight.scales, at::kFloat);
  if (int8) return matrix;
  auto values = kNf4Values;
  const at::Tensor of_code = copied(values, at::kFloat);
  const std::int64_t codes = of_code.size(0);
  matrix.pairs = at::stack({of_code.unsqueeze(1).expand({codes, codes}),
                            of_code.unsqueeze(0).expand({codes, codes})},
                           2)
                     .view({-1, 2});
  return matrix;
}

Norm WeightReader::norm(const std::string& name, std::int64_t size, const NormParts& parts) {
  Norm norm;
  norm.parts = parts;
  if (!parts.affine) return norm;
  norm.weight = vector(name + ".weight", size);
  if (parts.one_plus) norm.weight.add_(1.0);
  if (parts.kind == NormParts::Kind::layer) norm.bias = vector(name + ".bias", size);
  if (norm.weight.defined()) norm.narrow_weight = norm.weight.to(at::kBFloat16);
  if (norm.bias.defined()) norm.narrow_bias = norm.bias.to(at::kBFloat16);
  return norm;
}

void WeightReader::refuse_leftovers() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : checkpoint_.tensors()) {
    if (!taken_.contains(name) && (is_weight_type(tensor.view.dtype) || is_part(name)))
      names.push_back(name);
  }
  if (names.empty()) return;
  const std::size_t count = names.size();
  names.resize(std::min<std::size_t>(count, 5));
  throw InputError(checkpoint_.path().string(),
                   std::to_string(count) + " tensor(s) have no place in the model that " +
                       "config.json describes: " + join(names) + (count > 5 ? ", ..." : ""));
}

std::string WeightReader::key_of(const std::string& name) const {
  const bool shorter = !left_out_.empty() && name.starts_with(left_out_);
  return shorter ? name.substr(left_out_.size()) : name;
}

at::Tensor WeightReader::read(const std::string& name, const std::vector<std::int64_t>& shape,
                              at::ScalarType dtype) {
  const std::string key = key_of(name);
  const Checkpoint::Tensor* tensor = checkpoint_.find(key);
  if (tensor == nullptr) {
    throw InputError(checkpoint_.path().string(),
                     "tensor " + key + " " + shape_text(shape) + " is missing");
  }
  const std::string file = checkpoint_.path_of(*tensor).string();
  const TensorView& view = tensor->view;
  if (view.shape != shape) {
    throw InputError(file, "tensor " + key + " has the shape " + shape_text(view.shape) +
                               ", config.json asks for " + shape_text(shape));
  }
  if (!is_weight_type(view.dtype)) {
    throw InputError(file, "tensor " + key + " must be float32, float16 or bfloat16");
  }
  taken_.insert(key);
  at::Tensor result = at::empty(shape, dtype);
  if (view.strides.empty() && scalar_type(view.dtype) == dtype) {
    checkpoint_.copy(*tensor, {static_cast<std::byte*>(result.data_ptr()), view.bytes.size()});
    return result;
  }
  at::Tensor flat = result.view(-1);
  checkpoint_.read(*tensor, [&](std::size_t first, std::span<const float> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    flat.narrow(0, static_cast<std::int64_t>(first), count)
        .copy_(at::from_blob(const_cast<float*>(values.data()), {count}, at::kFloat));
  });
  return result;
}

}  // namespace lorafleet::model
