#include "tools/pretrain/opt_network.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "model/network/layers/packed_attention.hpp"
#include "model/network/rows/row_kernels.hpp"
#include "tools/pretrain/matrix_products.hpp"

namespace lorafleet::pretrain {
namespace {

constexpr double kNormEpsilon = 1e-5;
/// Rows whose logits are held at a time.
constexpr std::int64_t kHeadRows = 256;

at::Tensor indices(const std::vector<std::int64_t>& values) {
  return at::from_blob(const_cast<std::int64_t*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kLong);
}

}  // namespace

struct OptNetwork::Leaves {
  /// Leaves of the graph, cut one after the other from the flat weights.
  class Cutter {
   public:
    Cutter(float* weights, std::vector<at::Tensor>& leaves) : next_(weights), leaves_(leaves) {}

    at::Tensor cut(at::IntArrayRef shape) {
      at::Tensor leaf = at::from_blob(next_, shape, at::kFloat);
      next_ += leaf.numel();
      leaf.set_requires_grad(true);
      leaves_.push_back(leaf);
      return leaf;
    }

   private:
    float* next_;
    std::vector<at::Tensor>& leaves_;
  };

  struct Linear {
    Linear(Cutter& cutter, std::int64_t in, std::int64_t out)
        : weight(cutter.cut({out, in})), bias(cutter.cut({out})) {}
    [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const {
      return linear(x, weight, bias);
    }
    at::Tensor weight;
    at::Tensor bias;
  };

  struct LayerNorm {
    LayerNorm(Cutter& cutter, std::int64_t d) : weight(cutter.cut({d})), bias(cutter.cut({d})) {}
    [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const {
      return at::layer_norm(x, {x.size(-1)}, weight, bias, kNormEpsilon);
    }
    at::Tensor weight;
    at::Tensor bias;
  };

  /// In the order of parameters_of.
  struct Layer {
    Layer(Cutter& cutter, std::int64_t d, std::int64_t wide)
        : before_attention(cutter, d),
          query_key_value(cutter, d, 3 * d),
          attention_output(cutter, d, d),
          before_feed_forward(cutter, d),
          up(cutter, d, wide),
          down(cutter, wide, d) {}
    LayerNorm before_attention;
    Linear query_key_value;
    Linear attention_output;
    LayerNorm before_feed_forward;
    Linear up;
    Linear down;
  };

  Leaves(const OptSize& size, float* weights) : Leaves(size, Cutter(weights, all)) {}

  /// x: [rows, d], what goes into the head.
  [[nodiscard]] at::Tensor hidden(const Windows& windows, const OptSize& size) const {
    const std::int64_t d = size.width;
    const std::int64_t rows = static_cast<std::int64_t>(windows.inputs.size());
    const std::int64_t count = rows / windows.length;
    const at::Tensor places = positions.narrow(0, kPositionOffset, windows.length);
    at::Tensor x = at::embedding(tokens, indices(windows.inputs)).view({count, windows.length, d});
    x = (x + places).view({rows, d});
    std::vector<std::int64_t> offsets;
    for (std::int64_t i = 0; i <= count; ++i)
      offsets.push_back(i * windows.length);
    const std::int64_t head_dim = d / size.heads;
    const model::AttentionShape attention{size.heads, size.heads, head_dim,
                                          model::usual_scale(head_dim)};
    for (const Layer& layer : layers) {
      const at::Tensor qkv = layer.query_key_value(layer.before_attention(x));
      x = x + layer.attention_output(
                  model::packed_attention(qkv.narrow(1, 0, d), qkv.narrow(1, d, d),
                                          qkv.narrow(1, 2 * d, d), offsets, attention));
      x = x + layer.down(at::relu(layer.up(layer.before_feed_forward(x))));
    }
    return final_norm(x);
  }

  std::vector<at::Tensor> all;  ///< in the order of the weights
  at::Tensor tokens;
  at::Tensor positions;
  LayerNorm final_norm;
  std::vector<Layer> layers;

 private:
  Leaves(const OptSize& size, Cutter cutter)
      : tokens(cutter.cut({size.vocabulary, size.width})),
        positions(cutter.cut({size.positions + kPositionOffset, size.width})),
        final_norm(cutter, size.width) {
    for (std::int64_t i = 0; i < size.layers; ++i)
      layers.emplace_back(cutter, size.width, size.wide());
  }
};

OptNetwork::OptNetwork(const OptSize& size, float* weights)
    : size_(size), leaves_(std::make_unique<Leaves>(size, weights)) {}

OptNetwork::~OptNetwork() = default;

double OptNetwork::loss(const Windows& windows) const {
  const at::NoGradGuard no_grad;
  return step(windows, 0.0, {});
}

double OptNetwork::loss_and_gradient(const Windows& windows, double factor,
                                     std::span<float> gradient) const {
  return step(windows, factor, gradient);
}

double OptNetwork::step(const Windows& windows, double factor, std::span<float> gradient) const {
  const at::Tensor hidden = leaves_->hidden(windows, size_);
  const at::NoGradGuard no_grad;
  const at::Tensor head = leaves_->tokens.detach();
  const at::Tensor rows = hidden.detach();
  const bool learns = !gradient.empty();
  at::Tensor rows_gradient = learns ? at::empty_like(rows) : at::Tensor();
  HeadProducts products(head, learns);
  at::Tensor memory = at::empty({kHeadRows, size_.vocabulary});
  double sum = 0.0;
  for (std::int64_t start = 0; start < rows.size(0); start += kHeadRows) {
    const std::int64_t count = std::min(kHeadRows, rows.size(0) - start);
    const at::Tensor part = rows.narrow(0, start, count);
    at::Tensor logits = memory.narrow(0, 0, count);
    products.logits(part, logits);
    for (std::int64_t i = 0; i < count; ++i) {
      float* row = logits.data_ptr<float>() + i * size_.vocabulary;
      const std::int64_t label = windows.labels[static_cast<std::size_t>(start + i)];
      sum += (learns ? model::cross_entropy_backward(row, size_.vocabulary, label,
                                                     static_cast<float>(factor))
                     : model::cross_entropy(row, size_.vocabulary, label))
                 .loss;
    }
    if (!learns) continue;
    at::Tensor own = rows_gradient.narrow(0, start, count);
    products.backward(logits, part, own);
  }
  if (!learns) return sum;
  const auto gradients = torch::autograd::grad({hidden}, leaves_->all, {rows_gradient});
  float* to = gradient.data();
  for (const at::Tensor& piece : gradients) {
    const at::Tensor flat = piece.contiguous();
    to = std::copy_n(flat.data_ptr<float>(), flat.numel(), to);
  }
  const at::Tensor head_gradient = products.weight_gradient();
  const float* from = head_gradient.data_ptr<float>();
  for (std::int64_t i = 0; i < head_gradient.numel(); ++i)
    gradient[static_cast<std::size_t>(i)] += from[i];
  return sum;
}

}  // namespace lorafleet::pretrain
