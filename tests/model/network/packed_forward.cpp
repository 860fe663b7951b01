#include "tests/model/network/packed_forward.hpp"

#include <ATen/ATen.h>

#include "model/network/layers/packed_attention.hpp"
#include "model/network/network.hpp"

namespace lorafleet::tests {

at::Tensor packed_forward(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch,
                          Rows rows, std::vector<at::Tensor>* hidden_states,
                          const BaseDropout& dropout) {
  const std::vector<model::AttentionShape>& shapes = base.network().attention();
  const model::Attention attention = [&](std::int64_t layer, const at::Tensor& q,
                                         const at::Tensor& k, const at::Tensor& v) {
    return model::packed_attention(q, k, v, batch.offsets, shapes[static_cast<std::size_t>(layer)],
                                   {dropout, layer});
  };
  const bool labelled = rows == Rows::labelled;
  const model::BatchDropout all(dropout, batch.offsets);
  const model::BatchDropout last = labelled ? all.only(batch.label_rows) : all;
  model::DecoderInput input{model::index_tensor(batch.tokens),
                            model::index_tensor(batch.positions)};
  if (labelled) input.wanted = model::index_tensor(batch.label_rows);
  input.lora = lora;
  input.hidden_states = hidden_states;
  input.dropout = &all;
  input.last_dropout = &last;
  return base.network().forward(input, attention);
}

}  // namespace lorafleet::tests
