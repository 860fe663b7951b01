#include "model/network/memory.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <vector>

#include "model/adapter/lora_layout.hpp"
#include "model/network/base_tensors.hpp"
#include "model/network/layers/head_loss.hpp"
#include "model/network/rows/instruction_sets.hpp"
#include "model/network/rows/onednn_product.hpp"

namespace lorafleet::model {
namespace {

constexpr std::int64_t kFloat = 4;  // bytes

/// Columns of the matrices of one layer's activations.
struct Widths {
  std::int64_t stream = 0;        ///< of the residual stream
  std::int64_t queries = 0;       ///< of all heads
  std::int64_t keys = 0;          ///< of all key and value heads
  std::int64_t feed_forward = 0;  ///< between its halves
  bool gated = false;
};

Widths widths_of(const ModelShape& shape) {
  Widths widths;
  widths.stream = shape.width;
  widths.queries = shape.heads * shape.head_dim;
  widths.keys = shape.kv_heads * shape.head_dim;
  for (const LinearShape& linear : shape.layer_linears) {
    if (linear.role == LinearRole::down) widths.feed_forward = linear.in;
    if (linear.role == LinearRole::gate) widths.gated = true;
  }
  return widths;
}

/// Which roles of one layer are adapted, and what the factors themselves keep of each row.
struct Adapted {
  std::set<LinearRole> roles = {};
  std::int64_t kept = 0;
};

/// By layer; modules around the layers count as the layer beside them.
std::vector<Adapted> adapted_layers(const ModelShape& shape, const AdapterLayout& adapter) {
  std::vector<Adapted> layers(static_cast<std::size_t>(shape.layers));
  for (const LoraModule& own : adapter.modules()) {
    const std::size_t module = find_module(shape, own);
    const LinearShape& linear = shape.linear(module);
    const bool last = linear.role == LinearRole::embedding_out;
    const bool first = linear.role == LinearRole::embedding_in;
    Adapted& layer = last    ? layers.back()
                     : first ? layers.front()
                             : layers[module / shape.layer_linears.size()];
    layer.roles.insert(linear.role);
    layer.kept += whole_vectors(own.rank);
  }
  return layers;
}

/// Of one row, numbers that the backward pass needs: LayerTape.
struct Kept {
  std::int64_t values = 0;
  std::int64_t exact = 0;  ///< which are never rounded

  [[nodiscard]] std::int64_t all() const { return values + exact; }
  [[nodiscard]] std::int64_t bytes(std::int64_t of_value) const {
    return of_value * values + kFloat * exact;
  }
};

/// Of one layer. `on_host`: by the host's kernels.
Kept kept_of_row(const NetworkParts& parts, const Widths& widths, const Adapted& adapted,
                 bool on_host) {
  using Role = LinearRole;
  const std::int64_t heads = widths.queries + 2 * widths.keys;
  std::int64_t values = (parts.parallel ? 1 : 2) * widths.stream;  // what each half adds to
  if (!parts.norms.attention_output.empty()) values += widths.stream;
  if (!parts.norms.feed_forward_output.empty()) values += widths.stream;
  if (parts.norms_last) values += 2 * widths.stream;
  values += heads;
  if (parts.fused_by_head) values += heads;
  if (!parts.norms.query.empty()) values += widths.queries + widths.keys;
  if (!on_host) values += widths.queries;  // attention's result
  const bool by_sign = slope_by_sign(parts.activation) && !widths.gated;
  const bool as_bits = on_host && by_sign;
  if (!as_bits) values += (widths.gated ? 2 : 1) * widths.feed_forward;
  // Factors need what goes into their module; a norm's result is made again.
  // On a GPU attention's result is there, and so is a ReLU's.
  const bool has_wide = !on_host && by_sign;
  if (on_host && adapted.roles.contains(Role::attention_output)) values += widths.queries;
  if (!has_wide && adapted.roles.contains(Role::down)) values += widths.feed_forward;
  return {values, adapted.kept + (as_bits ? widths.feed_forward / 32 : 0)};
}

/// Of all layers from the first adapted one up.
struct KeptLayers {
  std::int64_t count = 0;
  Kept sum;
  Kept most;  ///< of a layer
};

KeptLayers kept_of_row(const BaseDescription& base, const AdapterLayout& adapter, bool on_host) {
  const Widths widths = widths_of(base.shape);
  KeptLayers kept;
  for (const Adapted& layer : adapted_layers(base.shape, adapter)) {
    if (kept.count == 0 && layer.kept == 0) continue;
    const Kept own = kept_of_row(base.parts, widths, layer, on_host);
    kept.count += 1;
    kept.sum = {kept.sum.values + own.values, kept.sum.exact + own.exact};
    if (own.all() > kept.most.all()) kept.most = own;
  }
  return kept;
}

/// Of one row, numbers that are there while a layer is computed.
std::int64_t within_layer(const Widths& widths) {
  return 3 * widths.stream + std::max((widths.gated ? 4 : 2) * widths.feed_forward,
                                      2 * (widths.queries + 2 * widths.keys));
}

/// Of a pass on a GPU that keeps so many numbers of each row.
std::int64_t device_bytes(const BaseDescription& base, DType dtype, std::int64_t rows,
                          std::int64_t kept) {
  constexpr std::int64_t kBlock = 4096;  // product_rows of a GPU
  const std::int64_t padded = (rows + kBlock - 1) / kBlock * kBlock;
  const std::int64_t of_number = dtype == DType::bfloat16 ? 2 : kFloat;
  const std::int64_t of_row = kept + within_layer(widths_of(base.shape));
  const std::int64_t in_head =
      base.shape.classifier
          ? 0
          : 4 * kFloat * std::min(padded, head_chunk_rows(base.shape.vocabulary, at::kCUDA)) *
                base.shape.vocabulary;
  return (of_number * padded * of_row + in_head) / 5 * 6;
}

}  // namespace

std::int64_t parameters(const BaseDescription& base) {
  std::int64_t count = 0;
  for (const BaseTensor& tensor : base_tensors(base))
    count += tensor.size();
  return count;
}

std::int64_t base_bytes(const BaseDescription& base, DType dtype, Quantization kind) {
  const auto of_number = static_cast<std::int64_t>(byte_size(dtype));
  std::int64_t bytes = 0;
  for (const BaseTensor& tensor : base_tensors(base))
    bytes += tensor.size() * (tensor.is_matrix() ? of_number : kFloat);
  for (std::size_t module = 0; module < base.shape.modules(); ++module) {
    const LinearShape& linear = base.shape.linear(module);
    const Quantization own = base.quantization.of(base.shape.module_name(module), kind);
    if (own == Quantization::none) continue;
    bytes += quantized_bytes(own, linear.out, linear.in) - linear.out * linear.in * of_number;
  }
  return bytes;
}

std::int64_t dense_bytes(const BaseDescription& base, DType dtype, Quantization kind) {
  if (kind == Quantization::none) return 0;
  using Role = LinearRole;
  std::int64_t largest = 0;
  for (const std::set<Role>& roles :
       {std::set<Role>{Role::query, Role::key, Role::value, Role::query_key_value},
        {Role::attention_output},
        {Role::gate, Role::up},
        {Role::down},
        {Role::embedding_in},
        {Role::embedding_out}}) {
    std::int64_t entries = 0;
    for (const auto* linears : {&base.shape.layer_linears, &base.shape.other_linears}) {
      for (const LinearShape& linear : *linears)
        entries += roles.contains(linear.role) ? linear.in * linear.out : 0;
    }
    largest = std::max(largest, entries);
  }
  return largest * static_cast<std::int64_t>(byte_size(dtype));
}

bool keeps_packed(const BaseDescription& base, Packing packing) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  if (!onednn_serves() || packing == Packing::none) return false;
  return packing == Packing::all || packed_bytes(base) <= kMost;
}

std::int64_t packed_bytes(const BaseDescription& base, Quantization kind) {
  std::int64_t bytes = 0;
  const auto add = [&](std::int64_t in, std::int64_t out) {
    bytes += 2 * in * out * static_cast<std::int64_t>(byte_size(DType::bfloat16));
  };
  for (std::size_t module = 0; module < base.shape.modules(); ++module) {
    if (base.quantization.of(base.shape.module_name(module), kind) != Quantization::none) continue;
    add(base.shape.linear(module).in, base.shape.linear(module).out);
  }
  if (!base.shape.classifier) add(base.shape.embedding, base.shape.vocabulary);
  return bytes;
}

std::int64_t adapter_bytes(const AdapterLayout& adapter) {
  constexpr std::int64_t kCopies = 7;
  return kCopies * kFloat * static_cast<std::int64_t>(adapter.size());
}

std::int64_t activation_bytes(const BaseDescription& base, const AdapterLayout& adapter,
                              DType dtype, std::int64_t rows, bool recomputes) {
  const Widths widths = widths_of(base.shape);
  const KeptLayers kept = kept_of_row(base, adapter, true);
  const bool rounds = dtype == DType::bfloat16;
  std::int64_t of_row = kept.sum.bytes(rounds ? kFloat / 2 : kFloat);
  if (recomputes) of_row = kFloat * (kept.count * widths.stream + kept.most.all());
  if (rounds && !recomputes) of_row += kFloat * kept.most.values;  // before and after it is rounded
  const std::int64_t in_layer = within_layer(widths);
  // A classifier reads a row of each sequence.
  const std::int64_t in_head =
      base.shape.classifier
          ? rows * 4 * base.shape.embedding
          : rows * 3 * base.shape.embedding +
                head_chunk_rows(base.shape.vocabulary, at::kCPU) * base.shape.vocabulary;
  return rows * of_row + kFloat * std::max(rows * in_layer, in_head);
}

std::int64_t device_activation_bytes(const BaseDescription& base, const AdapterLayout& adapter,
                                     DType dtype, std::int64_t rows, bool recomputes) {
  const KeptLayers kept = kept_of_row(base, adapter, false);
  return device_bytes(
      base, dtype, rows,
      recomputes ? kept.count * base.shape.width + kept.most.all() : kept.sum.all());
}

std::int64_t device_scoring_bytes(const BaseDescription& base, DType dtype, std::int64_t rows) {
  return device_bytes(base, dtype, rows, 0);
}

}  // namespace lorafleet::model
