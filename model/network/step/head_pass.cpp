#include "model/network/step/head_pass.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <span>

#include "model/network/step/dropout_pass.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

/// logits = out(drop(tanh(dense(drop(x))))).
struct Classifier {
  const at::Tensor& dense;  ///< [d, d]
  const at::Tensor& dense_bias;
  const at::Tensor& out;  ///< [labels, d]
  const at::Tensor& out_bias;

  Classifier(const std::vector<at::Tensor>& tensors, const ClassifierShape& shape)
      : dense(tensors[shape.tensor(HeadRole::dense_weight)]),
        dense_bias(tensors[shape.tensor(HeadRole::dense_bias)]),
        out(tensors[shape.tensor(HeadRole::out_weight)]),
        out_bias(tensors[shape.tensor(HeadRole::out_bias)]) {}
};

void drop(const at::Tensor& x, const BatchDropout& rows, DropoutSite site, bool training) {
  if (training) drop_rows(x, &rows, site, 0);
}

/// A job's part of the rows.
struct Part {
  const LoraLeaves* lora;
  const BatchDropout& rows;
  std::span<const std::int64_t> labels;
  std::span<const float> factors;
};

HeadResult classify(const Network& network, const Part& part, const at::Tensor& hidden,
                    FactorGradients* gradients) {
  const ClassifierShape& shape = network.classifier_shape();
  const Classifier own(classifier_of(network, part.lora), shape);
  const bool training = !part.factors.empty();
  const at::Tensor x = hidden.to(at::kFloat, false, /*copy=*/true);
  drop(x, part.rows, DropoutSite::classifier_in, training);
  const at::Tensor bent = at::addmm(own.dense_bias, x, own.dense.t()).tanh_();
  const at::Tensor kept = bent.clone();
  drop(kept, part.rows, DropoutSite::classifier_out, training);
  at::Tensor logits = at::addmm(own.out_bias, kept, own.out.t());
  const at::Tensor choices = logits.argmax(1);
  HeadResult result = judge_logits(logits, part.labels, part.factors);
  result.choices = choices;
  if (!training) return result;
  const at::Tensor& g = logits;
  at::Tensor g_bent = at::mm(g, own.out);
  drop(g_bent, part.rows, DropoutSite::classifier_out, training);
  g_bent.mul_(1.0 - bent.square());
  if (part.lora != nullptr && part.lora->first_whole() >= 0) {
    const auto first = static_cast<std::size_t>(part.lora->first_whole());
    const auto gradient = [&](HeadRole role) -> at::Tensor& {
      return (*gradients)[first + shape.tensor(role)];
    };
    gradient(HeadRole::dense_weight) = at::mm(g_bent.t(), x);
    gradient(HeadRole::dense_bias) = g_bent.sum(0);
    gradient(HeadRole::out_weight) = at::mm(g.t(), kept);
    gradient(HeadRole::out_bias) = g.sum(0);
  }
  result.gradient = at::mm(g_bent, own.dense);
  drop(result.gradient, part.rows, DropoutSite::classifier_in, training);
  return result;
}

/// One job after the other: each has a classifier of its own.
HeadResult classify_all(const Head& head, const at::Tensor& hidden,
                        const std::vector<std::int64_t>& labels, const std::vector<float>& factors,
                        std::vector<FactorGradients>& gradients) {
  std::vector<at::Tensor> losses, correct, choices;
  HeadResult result;
  if (!factors.empty()) result.gradient = at::zeros(hidden.sizes(), hidden.options());
  const std::size_t parts = head.jobs.firsts.size() - 1;
  for (std::size_t i = 0; i < parts; ++i) {
    const auto first = static_cast<std::size_t>(head.jobs.firsts[i]);
    const auto count = static_cast<std::size_t>(head.jobs.firsts[i + 1]) - first;
    const BatchDropout rows = factors.empty() ? BatchDropout() : head.rows.part(first, count);
    const Part part{
        head.jobs.leaves.empty() ? nullptr : head.jobs.leaves[i], rows,
        std::span(labels).subspan(first, count),
        factors.empty() ? std::span<const float>() : std::span(factors).subspan(first, count)};
    const HeadResult own = classify(head.network, part, head.jobs.of(hidden, i),
                                    gradients.empty() ? nullptr : &gradients[i]);
    losses.push_back(own.losses);
    correct.push_back(own.correct);
    choices.push_back(own.choices);
    if (!factors.empty()) head.jobs.of(result.gradient, i).copy_(own.gradient);
  }
  result.losses = at::cat(losses);
  if (correct.front().defined()) result.correct = at::cat(correct);
  result.choices = at::cat(choices);
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
                     const std::vector<std::int64_t>& labels, const std::vector<float>& factors,
                     std::vector<FactorGradients>& gradients) {
  if (head.network.head.weight.defined()) {
    return head_loss(hidden, head.network.head, labels, factors);
  }
  return classify_all(head, hidden, labels, factors, gradients);
}

}  // namespace lorafleet::model
