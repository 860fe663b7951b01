#include "model/network/step/dropout_pass.hpp"

#include <ATen/ATen.h>

#include "model/device/device.hpp"
#include "model/network/layers/row_dropout.hpp"
#include "model/network/rows/parallel_rows.hpp"
#include "model/network/rows/tensor_rows.hpp"

namespace lorafleet::model {

void drop_rows(const at::Tensor& x, const BatchDropout* dropout, DropoutSite site,
               std::int64_t layer) {
  if (dropout == nullptr || dropout->probability(site) == 0.0) return;
  if (!computes_on_host(x.device())) {
    x.copy_(dropped(x, dropout, site, layer));
    return;
  }
  const auto width = static_cast<std::size_t>(x.size(1));
  over_rows(x.size(0), x.size(1), [&](std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      dropout->apply(static_cast<std::size_t>(i), {rows_into(x, i).data, width}, site, layer);
    }
  });
}

}  // namespace lorafleet::model
