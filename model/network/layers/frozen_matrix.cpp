#include "model/network/layers/frozen_matrix.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#include "model/device/device.hpp"

namespace lorafleet::model {
namespace {

void by_host(const QuantizedMatrix& from, const at::Tensor& to) {
  constexpr std::int64_t kEntries = 32768;  // less is not worth another thread
  const QuantizedEntries entries{from.kind, from.block,
                                 static_cast<const std::uint8_t*>(from.codes.data_ptr()),
                                 from.scales.data_ptr<float>()};
  const bool narrow = to.scalar_type() == at::kBFloat16;
  at::parallel_for(0, from.out * from.in, kEntries, [&](std::int64_t begin, std::int64_t end) {
    if (narrow) {
      dequantize(entries, begin, end - begin, static_cast<std::uint16_t*>(to.data_ptr()) + begin);
    } else {
      dequantize(entries, begin, end - begin, to.data_ptr<float>() + begin);
    }
  });
}

/// values * scales into entries of `to` from `first` on, whole blocks and what is left of one.
void scale_into(const at::Tensor& to, std::int64_t first, const at::Tensor& values,
                const at::Tensor& scales, std::int64_t block) {
  const std::int64_t whole = values.size(0) / block * block;
  const std::int64_t left = values.size(0) - whole;
  if (whole > 0) {
    at::Tensor own = to.narrow(0, first, whole).view({-1, block});
    at::mul_out(own, values.narrow(0, 0, whole).view({-1, block}),
                scales.narrow(0, first / block, whole / block).unsqueeze(1));
  }
  if (left > 0) {
    at::Tensor own = to.narrow(0, first + whole, left);
    at::mul_out(own, values.narrow(0, whole, left), scales.narrow(0, (first + whole) / block, 1));
  }
}

/// The same with ATen's operators.
void by_operators(const QuantizedMatrix& from, const at::Tensor& to) {
  const std::int64_t count = from.out * from.in;
  const at::Tensor flat = to.view(-1);
  if (from.kind == Quantization::int8) {
    return scale_into(flat, 0, from.codes, from.scales, from.block);
  }
  const std::int64_t most = (std::int64_t{1} << 22) / from.block * from.block;
  for (std::int64_t first = 0; first < count; first += most) {
    const std::int64_t own = std::min(most, count - first);
    const at::Tensor bytes = from.codes.narrow(0, first / 2, (own + 1) / 2).to(at::kLong);
    const at::Tensor values = from.pairs.index_select(0, bytes).view(-1).narrow(0, 0, own);
    scale_into(flat, first, values, from.scales, from.block);
  }
}

/// Of the calling thread, as large as the largest matrix that it was asked for in this type.
at::Tensor scratch(std::int64_t out, std::int64_t in, at::ScalarType type) {
  thread_local at::Tensor buffer;
  const std::int64_t count = out * in;
  if (!buffer.defined() || buffer.scalar_type() != type || buffer.numel() < count) {
    buffer.reset();
    buffer = at::empty({count}, type);
  }
  return buffer.narrow(0, 0, count).view({out, in});
}

}  // namespace

std::int64_t QuantizedMatrix::bytes() const {
  return static_cast<std::int64_t>(codes.nbytes() + scales.nbytes());
}

void dequantize(const QuantizedMatrix& from, const at::Tensor& to) {
  computes_on_host(to.device()) ? by_host(from, to) : by_operators(from, to);
}

FrozenMatrix::FrozenMatrix(QuantizedMatrix quantized, at::ScalarType type)
    : parts_{{{}, std::make_shared<const QuantizedMatrix>(std::move(quantized))}}, type_(type) {}

FrozenMatrix FrozenMatrix::below_each_other(const std::vector<FrozenMatrix>& matrices) {
  FrozenMatrix all;
  all.type_ = matrices.front().scalar_type();
  for (const FrozenMatrix& matrix : matrices) {
    if (matrix.plain_.defined()) all.parts_.push_back({matrix.plain_, nullptr});
    all.parts_.insert(all.parts_.end(), matrix.parts_.begin(), matrix.parts_.end());
  }
  return all;
}

std::int64_t FrozenMatrix::size(int dimension) const {
  if (plain_.defined()) return plain_.size(dimension);
  if (dimension == 1) return parts_.front().in();
  std::int64_t rows = 0;
  for (const Part& part : parts_)
    rows += part.out();
  return rows;
}

at::ScalarType FrozenMatrix::scalar_type() const {
  return plain_.defined() ? plain_.scalar_type() : type_;
}

at::Device FrozenMatrix::device() const {
  if (plain_.defined()) return plain_.device();
  const Part& part = parts_.front();
  return part.quantized ? part.quantized->codes.device() : part.plain.device();
}

at::Tensor FrozenMatrix::dense() const {
  if (plain_.defined()) return plain_;
  at::Tensor all = computes_on_host(device())
                       ? scratch(size(0), size(1), type_)
                       : at::empty({size(0), size(1)}, at::TensorOptions(device()).dtype(type_));
  std::int64_t first = 0;
  for (const Part& part : parts_) {
    const at::Tensor own = all.narrow(0, first, part.out());
    if (part.quantized) {
      dequantize(*part.quantized, own);
    } else {
      own.copy_(part.plain);
    }
    first += part.out();
  }
  return all;
}

}  // namespace lorafleet::model
