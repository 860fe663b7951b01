#include "model/network/layers/host_attention.hpp"

#include <algorithm>
#include <cstddef>

#include "model/network/rows/instruction_sets.hpp"
#include "model/network/rows/row_kernels.hpp"
#include "model/network/rows/small_product.hpp"

namespace lorafleet::model {
namespace {

/// Queries that are taken together: keys that none of them sees are not computed.
constexpr std::int64_t kHostQueries = 32;

struct HostBlock {
  std::int64_t first;  ///< query
  std::int64_t queries;
  std::int64_t first_key;
  std::int64_t keys;    ///< up to the last query's own, or all
  std::int64_t stride;  ///< of the matrix [queries, keys]
};

std::vector<HostBlock> blocks_of(const SequenceAttention& attention) {
  // Dropout counts keys from the sequence's first.
  const std::int64_t window = attention.dropout->active() ? 0 : attention.shape->window;
  std::vector<HostBlock> blocks;
  for (std::int64_t first = 0; first < attention.rows; first += kHostQueries) {
    const std::int64_t queries = std::min(kHostQueries, attention.rows - first);
    const std::int64_t key = window > 0 ? std::max<std::int64_t>(0, first + 1 - window) : 0;
    const std::int64_t end = attention.shape->causal ? first + queries : attention.rows;
    const std::int64_t keys = end - key;
    blocks.push_back({first, queries, key, keys, whole_vectors(keys)});
  }
  return blocks;
}

/// One head's columns of rows, from one of them on.
struct Head {
  const AttentionShape& shape;
  std::int64_t head;

  template <typename Rows>
  Rows of(const Rows& rows, std::int64_t row) const {
    return {rows.data + row * rows.stride + head * shape.head_dim, rows.stride};
  }
};

/// The same as an operand that is read entry by entry.
Scattered scattered(const ConstRows& rows) {
  return {rows.data, rows.stride, 1};
}

void need(std::vector<float>& memory, std::int64_t size) {
  if (memory.size() < static_cast<std::size_t>(size)) memory.resize(static_cast<std::size_t>(size));
}

/// x [rows, head_dim] of a head as [head_dim, stride], zeros behind the last row.
void transpose(const ConstRows& x, const Head& head, std::int64_t rows, std::int64_t stride,
               std::vector<float>& to) {
  need(to, head.shape.head_dim * stride);
  for (std::int64_t d = 0; d < head.shape.head_dim; ++d) {
    std::fill_n(to.data() + d * stride + rows, stride - rows, 0.0f);
  }
  // A few rows at a time, so that what is written lies together.
  for (std::int64_t first = 0; first < rows; first += kLanes) {
    const std::int64_t count = std::min(kLanes, rows - first);
    const ConstRows from = head.of(x, first);
    for (std::int64_t d = 0; d < head.shape.head_dim; ++d) {
      float* column = to.data() + d * stride + first;
      for (std::int64_t i = 0; i < count; ++i) {
        column[i] = from.data[i * from.stride + d];
      }
    }
  }
}

/// Kept by the thread, so that a sequence asks the system for no memory.
struct Workspace {
  std::vector<float> keys;    ///< transposed, with room for a block that begins at any key
  std::vector<float> values;  ///< the same
  std::vector<float> p;
  std::vector<float> kept;  ///< p with dropout
  std::vector<float> d;
};

Workspace& workspace() {
  thread_local Workspace own;
  return own;
}

/// Of a query head, in p [queries, stride].
void probabilities(const SequenceAttention& attention, const Head& query, const HostBlock& block,
                   const std::vector<float>& keys, std::int64_t keys_stride, float* p) {
  const AttentionShape& shape = *attention.shape;
  small_product(block.queries, block.stride, shape.head_dim,
                scattered(query.of(attention.q, block.first)),
                {keys.data() + block.first_key, keys_stride}, {p, block.stride}, false);
  if (shape.causal) {
    causal_softmax(p, block.queries, block.keys, block.stride, shape.scale, shape.window);
  } else {
    full_softmax(p, block.queries, block.keys, block.stride, shape.scale);
  }
}

/// d: the gradient of p on entry, that of the scores on return.
void scores_gradient(const AttentionShape& shape, const HostBlock& block, const float* p,
                     float* d) {
  if (shape.causal) {
    causal_softmax_backward(p, d, block.queries, block.keys, block.stride, shape.scale,
                            shape.window);
  } else {
    full_softmax_backward(p, d, block.queries, block.keys, block.stride, shape.scale);
  }
}

void drop(const SequenceAttention& attention, const Head& query, const HostBlock& block, float* x) {
  for (std::int64_t i = 0; i < block.queries; ++i) {
    const std::int64_t row = block.first + i;
    const std::int64_t seen = attention.shape->causal ? row + 1 : block.keys;
    attention.dropout->base.apply({x + i * block.stride, static_cast<std::size_t>(seen)},
                                  DropoutSite::attention_weights, attention.dropout->layer,
                                  query.head, attention.sequence, row);
  }
}

}  // namespace

void attend(const SequenceAttention& attention, std::int64_t kv_head) {
  const AttentionShape& shape = *attention.shape;
  const Head kv{shape, kv_head};
  const std::int64_t stride = whole_vectors(attention.rows) + kLanes;
  Workspace& work = workspace();
  transpose(attention.k, kv, attention.rows, stride, work.keys);
  for (std::int64_t member = 0; member < shape.group(); ++member) {
    const Head query{shape, kv_head * shape.group() + member};
    for (const HostBlock& block : blocks_of(attention)) {
      need(work.p, block.queries * block.stride);
      probabilities(attention, query, block, work.keys, stride, work.p.data());
      if (attention.dropout->active()) drop(attention, query, block, work.p.data());
      small_product(block.queries, shape.head_dim, block.keys, {work.p.data(), block.stride, 1},
                    kv.of(attention.v, block.first_key), query.of(attention.out, block.first),
                    false);
    }
  }
}

void attend_backward(const SequenceAttention& attention, std::int64_t kv_head) {
  const AttentionShape& shape = *attention.shape;
  const std::int64_t dim = shape.head_dim;
  const Head kv{shape, kv_head};
  const std::int64_t stride = whole_vectors(attention.rows) + kLanes;
  Workspace& work = workspace();
  transpose(attention.k, kv, attention.rows, stride, work.keys);
  transpose(attention.v, kv, attention.rows, stride, work.values);
  for (const MutableRows& gradient : {attention.dk, attention.dv}) {
    for (std::int64_t i = 0; i < attention.rows; ++i) {
      std::fill_n(kv.of(gradient, i).data, dim, 0.0f);
    }
  }
  for (std::int64_t member = 0; member < shape.group(); ++member) {
    const Head query{shape, kv_head * shape.group() + member};
    for (const HostBlock& block : blocks_of(attention)) {
      const std::int64_t size = block.queries * block.stride;
      need(work.p, size);
      need(work.d, size);
      probabilities(attention, query, block, work.keys, stride, work.p.data());
      const float* kept = work.p.data();
      if (attention.dropout->active()) {
        work.kept.assign(work.p.begin(), work.p.begin() + size);
        drop(attention, query, block, work.kept.data());
        kept = work.kept.data();
      }
      const ConstRows g = query.of(attention.g, block.first);
      // dv += p^T g
      small_product(block.keys, dim, block.queries, {kept, 1, block.stride}, g,
                    kv.of(attention.dv, block.first_key), true);
      // dp = g v^T
      small_product(block.queries, block.stride, dim, scattered(g),
                    {work.values.data() + block.first_key, stride}, {work.d.data(), block.stride},
                    false);
      if (attention.dropout->active()) drop(attention, query, block, work.d.data());
      scores_gradient(shape, block, work.p.data(), work.d.data());
      // dq = ds k, dk += ds^T q
      small_product(block.queries, dim, block.keys, {work.d.data(), block.stride, 1},
                    kv.of(attention.k, block.first_key), query.of(attention.dq, block.first),
                    false);
      small_product(block.keys, dim, block.queries, {work.d.data(), 1, block.stride},
                    query.of(attention.q, block.first), kv.of(attention.dk, block.first_key), true);
    }
  }
}

}  // namespace lorafleet::model
