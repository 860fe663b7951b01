#include "model/network/layers/row_dropout.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <vector>

#include "model/network/kernels/drop_mask.hpp"

namespace lorafleet::model {

at::Tensor dropped(const at::Tensor& x, const BatchDropout* dropout, DropoutSite site,
                   std::int64_t layer) {
  const double p = dropout == nullptr ? 0.0 : dropout->probability(site);
  if (p == 0.0) return x;
  if (draws_on(x.device())) {
    std::vector<DropRun> runs;
    runs.reserve(static_cast<std::size_t>(x.size(0)));
    for (const BatchDropout::Row& row : dropout->rows) {
      const DropSource own = dropout->jobs[row.job].source(site, layer, 0, row.sequence, row.index);
      runs.push_back({{own.key, own.counter}});
    }
    runs.resize(static_cast<std::size_t>(x.size(0)));  // padding
    return (x * drop_mask(runs, x.size(1), p, x.device())).to(x.scalar_type());
  }
  at::Tensor mask = at::ones(x.sizes(), at::kFloat);
  const auto width = static_cast<std::size_t>(x.size(1));
  for (std::size_t i = 0; i < dropout->rows.size(); ++i) {
    dropout->apply(i, {mask.data_ptr<float>() + i * width, width}, site, layer);
  }
  return x * mask.to(x.device(), at::kBool) * (1.0 / (1.0 - p));
}

}  // namespace lorafleet::model
