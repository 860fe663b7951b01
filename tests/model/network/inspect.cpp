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
#include "model/network/layers/index_tensor.hpp"
#include "model/network/layers/row_dropout.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/network.hpp"
#include "model/network/step/head_pass.hpp"
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

/// A classifier's logits as a graph: [N, labels].
at::Tensor graph_classes(const BaseModel& base, const LoraLeaves* lora, const at::Tensor& hidden,
                         const model::BatchDropout* dropout) {
  using model::DropoutSite;
  const std::vector<at::Tensor>& own = model::classifier_of(base.network(), lora);
  const at::Tensor x = model::dropped(hidden, dropout, DropoutSite::classifier_in, 0);
  const at::Tensor bent = at::tanh(at::linear(x, own[0], own[1]));
  return at::linear(model::dropped(bent, dropout, DropoutSite::classifier_out, 0), own[2], own[3]);
}

LossAndGradient graph_class_loss(const BaseModel& base, LoraLeaves& lora, const PackedBatch& batch,
                                 const BaseDropout& base_dropout, std::size_t size) {
  const at::Tensor hidden =
      packed_forward(base, &lora, batch, Rows::labelled, nullptr, base_dropout);
  const model::BatchDropout rows =
      model::BatchDropout(base_dropout, batch.offsets).only(batch.label_rows);
  const at::Tensor labels = model::index_tensor(batch.labels).to(hidden.device());
  const at::Tensor loss = at::cross_entropy_loss(graph_classes(base, &lora, hidden, &rows), labels);
  LossAndGradient result{loss.item<double>(), std::vector<float>(size)};
  lora.add_flat(torch::autograd::grad({loss}, lora.trained(), {}, false, false, true),
                result.gradient);
  return result;
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

std::vector<bool> quantized_layers(const BaseModel& base, const Adapter* adapter) {
  std::vector<bool> quantized;
  for (const model::FrozenLinear& linear : base.under(adapter)->network().linears)
    quantized.push_back(!linear.weight.plain().defined());
  return quantized;
}

std::vector<float> packed_logits(const BaseModel& base, const Adapter* adapter,
                                 const PackedBatch& batch, bool labelled_rows_only) {
  const at::NoGradGuard no_grad;
  OptionalLeaves lora(base, adapter, std::nullopt);
  if (base.shape().classifier) {
    const at::Tensor hidden = packed_forward(lora.base(), lora.get(), batch, Rows::labelled);
    return values_of(graph_classes(lora.base(), lora.get(), hidden, nullptr));
  }
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
                            Factors trained, bool recomputes) {
  OptionalLeaves lora(base, &adapter, trained, base.network().working_type());
  lora.get()->set_dropout(dropout);
  LossAndGradient result;
  result.gradient.resize(model::FactorSelection(*adapter.layout, trained).size());
  const auto labels = static_cast<double>(batch.labels.size());
  const model::StepPart part{*lora.get(), batch, 1.0 / labels, base_dropout, recomputes};
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
  if (base.shape().classifier) {
    const std::size_t size = model::FactorSelection(*adapter.layout, trained).size();
    return graph_class_loss(lora.base(), *lora.get(), batch, base_dropout, size);
  }
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
