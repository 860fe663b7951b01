#include "model/network/step/head_pass.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <utility>

#include "model/network/step/dropout_pass.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

/// logits = out(drop(tanh(dense(drop(x))))): the tensors in the order of ClassifierShape.
struct Classifier {
  const at::Tensor& dense;  ///< [d, d]
  const at::Tensor& dense_bias;
  const at::Tensor& out;  ///< [labels, d]
  const at::Tensor& out_bias;

  explicit Classifier(const std::vector<at::Tensor>& tensors)
      : dense(tensors[0]), dense_bias(tensors[1]), out(tensors[2]), out_bias(tensors[3]) {}
};

void drop(const at::Tensor& x, const BatchDropout& rows, DropoutSite site, bool training) {
  if (training) drop_rows(x, &rows, site, 0);
}

HeadResult classify(const Head& head, const at::Tensor& hidden,
                    const std::vector<std::int64_t>& labels, double factor,
                    FactorGradients* gradients) {
  const Classifier own(classifier_of(head.network, head.lora));
  const bool training = factor != 0.0;
  const at::Tensor x = hidden.clone();
  drop(x, head.rows, DropoutSite::classifier_in, training);
  const at::Tensor bent = at::addmm(own.dense_bias, x, own.dense.t()).tanh_();
  const at::Tensor kept = bent.clone();
  drop(kept, head.rows, DropoutSite::classifier_out, training);
  at::Tensor logits = at::addmm(own.out_bias, kept, own.out.t());

  HeadResult result;
  const at::Tensor choices = logits.argmax(1).cpu();
  result.choices.assign(choices.data_ptr<std::int64_t>(),
                        choices.data_ptr<std::int64_t>() + choices.numel());
  judge_logits(logits, labels.data(), static_cast<float>(factor), result);
  if (!training) return result;
  const at::Tensor& g = logits;
  at::Tensor g_bent = at::mm(g, own.out);
  drop(g_bent, head.rows, DropoutSite::classifier_out, training);
  g_bent.mul_(1.0 - bent.square());
  if (head.lora != nullptr && head.lora->first_whole() >= 0) {
    const auto first = static_cast<std::size_t>(head.lora->first_whole());
    (*gradients)[first] = at::mm(g_bent.t(), x);
    (*gradients)[first + 1] = g_bent.sum(0);
    (*gradients)[first + 2] = at::mm(g.t(), kept);
    (*gradients)[first + 3] = g.sum(0);
  }
  result.gradient = at::mm(g_bent, own.dense);
  drop(result.gradient, head.rows, DropoutSite::classifier_in, training);
  return result;
}

}  // namespace

const std::vector<at::Tensor>& classifier_of(const Network& network, const LoraLeaves* lora) {
  if (lora != nullptr && !lora->whole().empty()) return lora->whole();
  if (!network.classifier().empty()) return network.classifier();
  throw InputError("model.path",
                   "the base has no classifier's weights, and no adapter brings them: it cannot "
                   "classify by itself; give an adapter with a classifier");
}

HeadResult head_pass(const Head& head, const at::Tensor& hidden,
                     const std::vector<std::int64_t>& labels, double factor,
                     FactorGradients* gradients) {
  if (head.network.head.weight.defined()) {
    return head_loss(hidden, head.network.head, labels, factor);
  }
  return classify(head, hidden, labels, factor, gradients);
}

}  // namespace lorafleet::model
