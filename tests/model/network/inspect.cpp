#include "tests/model/network/inspect.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <memory>
#include <optional>
#include <span>

#include "model/adapter/factor_selection.hpp"
#include "model/device/device.hpp"
#include "model/network/layers/head_loss.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/network.hpp"
#include "model/network/step/step.hpp"
#include "tests/model/network/packed_forward.hpp"
#include "tests/model/network/padded_forward.hpp"

namespace lorafleet::tests {
namespace {

using model::BaseModelPtr;
using model::LoraLeaves;

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.cpu().contiguous();
  return {dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel()};
}

/// The base under the adapter, and leaves over a copy of the adapter, or none.
class OptionalLeaves {
 public:
  OptionalLeaves(const BaseModel& base, const Adapter* adapter, std::optional<Factors> trained,
                 at::ScalarType type = at::kFloat)
      : base_(base.under(adapter)) {
    if (adapter == nullptr) return;
    values_ = adapter->values;
    leaves_ = std::make_unique<LoraLeaves>(base, *adapter->layout, values_.data(), trained, type);
  }
  LoraLeaves* get() { return leaves_.get(); }
  [[nodiscard]] const BaseModel& base() const { return *base_; }

 private:
  BaseModelPtr base_;
  std::vector<float> values_;
  std::unique_ptr<LoraLeaves> leaves_;
};

}  // namespace

HostKernelsOff::HostKernelsOff() {
  model::host_kernels_off() = true;
}

HostKernelsOff::~HostKernelsOff() {
  model::host_kernels_off() = false;
}

std::vector<float> packed_logits(const BaseModel& base, const Adapter* adapter,
                                 const PackedBatch& batch, bool labelled_rows_only) {
  const at::NoGradGuard no_grad;
  OptionalLeaves lora(base, adapter, std::nullopt);
  const Rows rows = labelled_rows_only ? Rows::labelled : Rows::all;
  return values_of(model::head_logits(packed_forward(lora.base(), lora.get(), batch, rows),
                                      base.network().head));
}

std::vector<std::vector<float>> packed_hidden_states(const BaseModel& base, const Adapter* adapter,
                                                     const PackedBatch& batch) {
  const at::NoGradGuard no_grad;
  OptionalLeaves lora(base, adapter, std::nullopt);
  std::vector<at::Tensor> states;
  packed_forward(lora.base(), lora.get(), batch, Rows::all, &states);
  std::vector<std::vector<float>> result;
  for (const at::Tensor& state : states) {
    result.push_back(values_of(state));
  }
  return result;
}

LossAndGradient packed_loss(const BaseModel& base, const Adapter& adapter, const PackedBatch& batch,
                            const Dropout& dropout, const BaseDropout& base_dropout,
                            Factors trained) {
  OptionalLeaves lora(base, &adapter, trained, base.network().working_type());
  lora.get()->set_dropout(dropout);
  LossAndGradient result;
  result.gradient.resize(model::FactorSelection(*adapter.layout, trained).size());
  const auto labels = static_cast<double>(batch.labels.size());
  const model::StepPart part{*lora.get(), batch, 1.0 / labels, base_dropout};
  const model::StepResult own =
      model::forward_and_backward(lora.base(), std::span(&part, 1)).front();
  result.loss = model::sum_of(own.losses) / labels;
  lora.get()->add_flat(own.gradients, result.gradient);
  return result;
}

LossAndGradient graph_loss(const BaseModel& base, const Adapter& adapter, const PackedBatch& batch,
                           const Dropout& dropout, const BaseDropout& base_dropout,
                           Factors trained) {
  const at::AutoGradMode with_graph(true);
  OptionalLeaves lora(base, &adapter, trained);
  lora.get()->set_dropout(dropout);
  const auto labels = static_cast<double>(batch.labels.size());
  const at::Tensor hidden =
      packed_forward(lora.base(), lora.get(), batch, Rows::labelled, nullptr, base_dropout);
  const model::HeadResult head =
      model::head_loss(hidden, lora.base().network().head, batch.labels,
                       std::vector<float>(batch.labels.size(), static_cast<float>(1.0 / labels)));
  LossAndGradient result{model::sum_of(head.losses) / labels, {}};
  result.gradient.resize(model::FactorSelection(*adapter.layout, trained).size());
  if (!hidden.requires_grad()) return result;  // layerdrop left no adapted layer
  lora.get()->add_flat(
      torch::autograd::grad({hidden}, lora.get()->trained(), {head.gradient}, false, false, true),
      result.gradient);
  return result;
}

std::vector<float> padded_logits_of(const BaseModel& base, const Adapter* adapter,
                                    const PaddedBatch& batch) {
  const at::NoGradGuard no_grad;
  OptionalLeaves lora(base, adapter, std::nullopt);
  return values_of(padded_logits(lora.base(), lora.get(), batch));
}

LossAndGradient padded_loss_of(const BaseModel& base, const Adapter& adapter,
                               const PaddedBatch& batch, const Dropout& dropout,
                               const BaseDropout& base_dropout) {
  const at::AutoGradMode with_graph(true);
  OptionalLeaves lora(base, &adapter, Factors::both);
  lora.get()->set_dropout(dropout);
  const at::Tensor loss =
      padded_loss(padded_logits(lora.base(), lora.get(), batch, base_dropout), batch);
  LossAndGradient result;
  result.loss = loss.item<double>();
  result.gradient.resize(adapter.values.size());
  lora.get()->add_flat(torch::autograd::grad({loss}, lora.get()->trained(), {}, false, false, true),
                       result.gradient);
  return result;
}

}  // namespace lorafleet::tests
