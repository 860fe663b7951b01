#pragma once

#include <cstdint>
#include <vector>

#include "model/network/base_model.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/layers/dropout.hpp"
#include "model/network/packed_batch.hpp"
#include "tests/model/padded_batch.hpp"

namespace lorafleet::tests {

using model::Adapter;
using model::BaseDropout;
using model::BaseModel;
using model::Dropout;
using model::Factors;
using model::PackedBatch;

// For tests and benchmarks: looks inside the forward and backward pass without
// LibTorch's types. A null adapter means the base alone.

/// While it lives, this thread computes as it would on a GPU: with ATen's operators alone, and on
/// copies of the adapter.
class HostKernelsOff {
 public:
  HostKernelsOff();
  ~HostKernelsOff();
  HostKernelsOff(const HostKernelsOff&) = delete;
  HostKernelsOff& operator=(const HostKernelsOff&) = delete;
};

/// [T, V] (or [N, V] for the rows that predict labels), row-major; of a classifier [N, labels].
std::vector<float> packed_logits(const BaseModel& base, const Adapter* adapter,
                                 const PackedBatch& batch, bool labelled_rows_only);

/// The embeddings, each layer's output and, last, the head's input: [T, width] each.
std::vector<std::vector<float>> packed_hidden_states(const BaseModel& base, const Adapter* adapter,
                                                     const PackedBatch& batch);

/// Which linear layers the base has in fewer bits under the adapter, in the order of its shape.
std::vector<bool> quantized_layers(const BaseModel& base, const Adapter* adapter);

struct LossAndGradient {
  double loss = 0.0;            ///< mean over the labels, nats
  std::vector<float> gradient;  ///< in the adapter's layout, of the trained factors
};

/// What one training step starts from.
LossAndGradient packed_loss(const BaseModel& base, const Adapter& adapter, const PackedBatch& batch,
                            const Dropout& dropout = {}, const BaseDropout& base_dropout = {},
                            Factors trained = Factors::both, bool recomputes = false);

/// The same of a graph: Network::forward, differentiated by LibTorch.
LossAndGradient graph_loss(const BaseModel& base, const Adapter& adapter, const PackedBatch& batch,
                           const Dropout& dropout = {}, const BaseDropout& base_dropout = {},
                           Factors trained = Factors::both);

/// The same of the padded form: logits [rows, columns, V].
std::vector<float> padded_logits_of(const BaseModel& base, const Adapter* adapter,
                                    const PaddedBatch& batch);
LossAndGradient padded_loss_of(const BaseModel& base, const Adapter& adapter,
                               const PaddedBatch& batch, const Dropout& dropout = {},
                               const BaseDropout& base_dropout = {});

}  // namespace lorafleet::tests
