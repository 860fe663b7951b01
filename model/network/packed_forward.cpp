#include "model/network/packed_forward.hpp"

#include <ATen/ATen.h>

#include "model/network/layers/packed_attention.hpp"
#include "model/network/network.hpp"

namespace lorafleet::model {

at::Tensor packed_forward(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch,
                          Rows rows, std::vector<at::Tensor>* hidden_states,
                          const BaseDropout& dropout) {
  const std::vector<AttentionShape>& shapes = base.network().attention();
  const Attention attention = [&](std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                                  const at::Tensor& v) {
    return packed_attention(q, k, v, batch.offsets, shapes[static_cast<std::size_t>(layer)],
                            {dropout, layer});
  };
  const bool labelled = rows == Rows::labelled;
  const BatchDropout all(dropout, batch.offsets);
  const BatchDropout last = labelled ? all.only(batch.label_rows) : all;
  DecoderInput input{index_tensor(batch.tokens), index_tensor(batch.positions)};
  if (labelled) input.wanted = index_tensor(batch.label_rows);
  input.lora = lora;
  input.hidden_states = hidden_states;
  input.dropout = &all;
  input.last_dropout = &last;
  return base.network().forward(input, attention);
}

}  // namespace lorafleet::model
