#include "model/network/footprint.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "model/adapter/client_layouts.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/files/dtype.hpp"
#include "model/network/dropout_choice.hpp"
#include "model/network/family.hpp"
#include "model/network/flops.hpp"
#include "model/network/memory.hpp"
#include "model/network/recompute_choice.hpp"

namespace lorafleet::model {
namespace {

/// Most tokens that go through the network together.
std::int64_t most_rows(const TrainConfig& train, std::int64_t longest) {
  const std::int64_t fit = train.batch_tokens / std::max<std::int64_t>(1, longest);
  const bool few = train.batch_size > 0 && train.batch_size <= fit;
  return std::max(longest, few ? train.batch_size * longest : train.batch_tokens);
}

}  // namespace

std::optional<Footprint> footprint(const ModelConfig& model, const LoraConfig& lora,
                                   const TrainConfig& train, std::int64_t max_tokens) {
  const auto file = model.path / "config.json";
  if (!std::filesystem::exists(file)) return std::nullopt;
  const BaseDescription base = read_description(file);
  const LayoutPtr adapter = make_layout(base.shape, server_lora(lora));
  Footprint result;
  result.parameters = parameters(base);
  result.train_flops_per_token = train_flops_per_token(base.shape);
  const DType dtype = weight_type_named(model.dtype, "model.dtype");
  const Quantization kind = agreed_quantization(base.quantization, model.quantization);
  result.base_bytes = base_bytes(base, dtype, kind);
  result.dense_bytes = dense_bytes(base, dtype, kind);
  if (dtype == DType::bfloat16 && keeps_packed(base, packing_choices().at(model.packing).value)) {
    result.packed_bytes = packed_bytes(base, kind);
  }
  result.adapter_values = static_cast<std::int64_t>(adapter->size());
  result.adapter_bytes = adapter_bytes(*adapter);
  result.rows = most_rows(train, std::min(max_tokens, base.shape.positions));
  result.activation_bytes = activation_bytes(base, *adapter, dtype, result.rows,
                                             recompute_choices().at(train.recompute).value);
  return result;
}

std::optional<DeviceFootprint> device_footprint(const ModelConfig& model, const LoraConfig& lora,
                                                const TrainConfig& train, std::int64_t max_tokens) {
  const auto file = model.path / "config.json";
  if (!std::filesystem::exists(file)) return std::nullopt;
  const auto base = std::make_shared<const BaseDescription>(read_description(file));
  const LayoutPtr adapter = make_layout(base->shape, server_lora(lora));
  const DType dtype = weight_type_named(model.dtype, "model.dtype");
  const Quantization kind = agreed_quantization(base->quantization, model.quantization);
  const std::int64_t dense = dense_bytes(*base, dtype, kind);
  const std::int64_t rows = most_rows(train, std::min(max_tokens, base->shape.positions));
  const bool recomputes = recompute_choices().at(train.recompute).value;
  const DropoutRates& drops = base->parts.dropout;
  const bool share = !dropout_choices().at(train.base_dropout).value ||
                     (drops.attention == 0.0 && drops.layer == 0.0);
  return DeviceFootprint{
      base_bytes(*base, dtype, kind), adapter_bytes(*adapter), rows,
      [=](std::int64_t jobs) {
        return dense + device_activation_bytes(*base, *adapter, dtype, (share ? jobs : 1) * rows,
                                               recomputes);
      },
      [=](std::int64_t tokens) { return dense + device_scoring_bytes(*base, dtype, tokens); }};
}

}  // namespace lorafleet::model
