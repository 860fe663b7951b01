#include "model/network/layers/linear_group.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "model/network/layers/frozen_product.hpp"

namespace lorafleet::model {
namespace {

bool are_plain(const std::vector<const FrozenLinear*>& members) {
  return std::all_of(members.begin(), members.end(),
                     [](const FrozenLinear* member) { return member->weight.plain().defined(); });
}

FrozenMatrix fused_weight(const std::vector<const FrozenLinear*>& members) {
  if (!are_plain(members)) {
    std::vector<FrozenMatrix> weights;
    for (const FrozenLinear* member : members)
      weights.push_back(member->weight);
    return FrozenMatrix::below_each_other(weights);
  }
  const at::Tensor& first = members.front()->weight.plain();
  std::vector<at::Tensor> weights;
  std::int64_t rows = 0;
  bool together = true;
  for (const FrozenLinear* member : members) {
    const at::Tensor& weight = member->weight.plain();
    weights.push_back(weight);
    together = together && weight.is_alias_of(first) &&
               weight.storage_offset() == first.storage_offset() + rows * first.size(1);
    rows += weight.size(0);
  }
  return together
             ? first.as_strided({rows, first.size(1)}, {first.size(1), 1}, first.storage_offset())
             : at::cat(weights);
}

at::Tensor fused_bias(const std::vector<const FrozenLinear*>& members) {
  std::vector<at::Tensor> biases;
  bool any = false;
  for (const FrozenLinear* member : members) {
    any = any || member->bias.defined();
    biases.push_back(member->bias.defined()
                         ? member->bias
                         : at::zeros({member->weight.size(0)},
                                     at::TensorOptions(member->weight.device()).dtype(at::kFloat)));
  }
  return any ? at::cat(biases) : at::Tensor();
}

}  // namespace

at::Tensor LinearGroup::columns(const at::Tensor& y, std::size_t member) const {
  return y.narrow(1, firsts[member], firsts[member + 1] - firsts[member]);
}

void LinearGroup::fuse(std::vector<FrozenLinear>& linears, bool packs) {
  const FrozenLinear before = fused;
  firsts = {0};
  if (modules.empty()) return;
  std::vector<const FrozenLinear*> members;
  for (const std::size_t module : modules) {
    members.push_back(&linears[module]);
    firsts.push_back(firsts.back() + linears[module].weight.size(0));
  }
  fused = members.size() == 1 ? *members.front()
                              : FrozenLinear{fused_weight(members), fused_bias(members)};
  narrow_bias = fused.bias.defined() ? fused.bias.to(fused.weight.scalar_type()) : at::Tensor();
  const at::Tensor &was = before.weight.plain(), &is = fused.weight.plain();
  const bool same = was.defined() && is.defined() && was.data_ptr() == is.data_ptr();
  fused.packed = same && before.packed ? before.packed
                 : packs               ? packed_weights(fused.weight)
                                       : nullptr;
  if (members.size() == 1) {
    linears[modules.front()].packed = fused.packed;
    return;
  }
  for (std::size_t i = 0; i < modules.size(); ++i) {
    FrozenLinear& member = linears[modules[i]];
    const std::int64_t rows = firsts[i + 1] - firsts[i];
    if (fused.weight.plain().defined()) {
      member.weight = fused.weight.plain().narrow(0, firsts[i], rows);
    }
    if (member.bias.defined()) member.bias = fused.bias.narrow(0, firsts[i], rows);
  }
}

}  // namespace lorafleet::model
