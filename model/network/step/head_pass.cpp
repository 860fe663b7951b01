#include "model/network/step/head_pass.hpp"

#include <ATen/ATen.h>

#include <cstddef>

#include "model/network/step/dropout_pass.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

/// One job's rows through logits = out(drop(tanh(dense(drop(x))))).
struct Part {
  const LoraLeaves* lora;
  std::int64_t first;
  std::int64_t rows;
  at::Tensor dense;  ///< [d, d]
  at::Tensor dense_bias;
  at::Tensor out;  ///< [labels, d]
  at::Tensor out_bias;

  [[nodiscard]] at::Tensor of(const at::Tensor& x) const { return x.narrow(0, first, rows); }
};

Part part_of(const Network& network, const LoraLeaves* lora, std::int64_t first,
             std::int64_t rows) {
  const std::vector<at::Tensor>& own = classifier_of(network, lora);
  const auto wide = [&](std::size_t i) { return own[i].to(at::kFloat); };
  return {lora, first, rows, wide(0), wide(1), wide(2), wide(3)};
}

/// Each job by itself, so that its sums do not depend on the others.
std::vector<Part> parts_of(const Head& head, std::int64_t count) {
  std::vector<Part> parts;
  if (head.jobs.leaves.empty()) parts.push_back(part_of(head.network, nullptr, 0, count));
  for (std::size_t i = 0; i < head.jobs.leaves.size(); ++i) {
    const std::int64_t first = head.jobs.firsts[i];
    parts.push_back(
        part_of(head.network, head.jobs.leaves[i], first, head.jobs.firsts[i + 1] - first));
  }
  return parts;
}

/// Gradients of the tensors that are trained whole; x, kept: what went into either linear layer.
void add_gradients(const Part& part, const at::Tensor& x, const at::Tensor& kept,
                   const at::Tensor& g_bent, const at::Tensor& g, FactorGradients& gradients) {
  if (part.lora->first_whole() < 0) return;
  const auto first = static_cast<std::size_t>(part.lora->first_whole());
  gradients[first] = at::mm(part.of(g_bent).t(), part.of(x));
  gradients[first + 1] = part.of(g_bent).sum(0);
  gradients[first + 2] = at::mm(part.of(g).t(), part.of(kept));
  gradients[first + 3] = part.of(g).sum(0);
}

HeadResult classify(const Head& head, const at::Tensor& hidden,
                    const std::vector<std::int64_t>& labels, const std::vector<float>& factors,
                    std::vector<FactorGradients>& gradients) {
  const auto count = static_cast<std::int64_t>(labels.size());
  const std::vector<Part> parts = parts_of(head, count);
  const BatchDropout* dropout = factors.empty() ? nullptr : &head.rows;
  const at::Tensor x = hidden.narrow(0, 0, count).to(at::kFloat, false, /*copy=*/true);
  drop_rows(x, dropout, DropoutSite::classifier_in, 0);
  const at::Tensor bent = at::empty_like(x);
  for (const Part& part : parts)
    part.of(bent).copy_(at::addmm(part.dense_bias, part.of(x), part.dense.t()).tanh_());
  const at::Tensor kept = bent.clone();
  drop_rows(kept, dropout, DropoutSite::classifier_out, 0);
  at::Tensor logits = at::empty({count, parts.front().out.size(0)}, x.options());
  for (const Part& part : parts)
    part.of(logits).copy_(at::addmm(part.out_bias, part.of(kept), part.out.t()));

  const at::Tensor choices = logits.argmax(1);
  HeadResult result = judge_logits(logits, labels, factors);
  result.choices = choices;
  if (factors.empty()) return result;
  const at::Tensor& g = logits;
  const at::Tensor g_bent = at::empty_like(x);
  for (const Part& part : parts)
    part.of(g_bent).copy_(at::mm(part.of(g), part.out));
  drop_rows(g_bent, dropout, DropoutSite::classifier_out, 0);
  g_bent.mul_(1.0 - bent.square());
  const at::Tensor g_x = at::empty_like(x);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    add_gradients(parts[i], x, kept, g_bent, g, gradients[i]);
    parts[i].of(g_x).copy_(at::mm(parts[i].of(g_bent), parts[i].dense));
  }
  drop_rows(g_x, dropout, DropoutSite::classifier_in, 0);
  result.gradient = at::zeros(hidden.sizes(), hidden.options());
  result.gradient.narrow(0, 0, count).copy_(g_x);
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
  return classify(head, hidden, labels, factors, gradients);
}

HeadResult head_pass(const Network& network, LoraLeaves* lora, const at::Tensor& hidden,
                     const std::vector<std::int64_t>& labels) {
  JobRows jobs;
  jobs.add(lora, static_cast<std::int64_t>(labels.size()));
  std::vector<FactorGradients> none;
  return head_pass({network, jobs, BatchDropout()}, hidden, labels, {}, none);
}

}  // namespace lorafleet::model
