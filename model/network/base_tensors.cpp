#include "model/network/base_tensors.hpp"

#include <functional>
#include <numeric>
#include <utility>

namespace lorafleet::model {
namespace {

using Kind = BaseTensor::Kind;

class TensorList {
 public:
  explicit TensorList(const BaseDescription& base) : shape_(base.shape), parts_(base.parts) {
    add(parts_.embedding, {shape_.vocabulary, shape_.embedding}, Kind::embedding);
    if (!parts_.positions.empty()) {
      add(parts_.positions, {shape_.positions + parts_.position_offset, shape_.width},
          Kind::positions);
    }
    if (!parts_.token_types.empty()) {
      add(parts_.token_types, {parts_.token_type_count, shape_.width}, Kind::positions);
    }
    add_norm(parts_.embedding_norm, shape_.width);
    for (const LinearShape& linear : shape_.other_linears)
      add_linear("", linear);
    add_norm(parts_.final_norm, shape_.width);
    for (std::int64_t layer = 0; layer < shape_.layers; ++layer)
      add_layer(shape_.layer_path + std::to_string(layer) + ".");
    if (!parts_.tied && !shape_.classifier)
      add(parts_.head, {shape_.vocabulary, shape_.embedding}, Kind::head);
  }

  [[nodiscard]] std::vector<BaseTensor> take() { return std::move(tensors_); }

 private:
  void add(const std::string& name, const std::vector<std::int64_t>& shape, Kind kind) {
    tensors_.push_back({name + (kind == Kind::bias ? ".bias" : ".weight"), shape, kind});
  }

  void add_norm(const std::string& name, std::int64_t size) {
    if (name.empty() || !parts_.norm.affine) return;
    add(name, {size}, Kind::norm);
    if (parts_.norm.kind == NormParts::Kind::layer) add(name, {size}, Kind::bias);
  }

  void add_linear(const std::string& path, const LinearShape& linear) {
    const bool onto_residual =
        linear.role == LinearRole::attention_output || linear.role == LinearRole::down;
    add(path + linear.name,
        linear.transposed ? std::vector{linear.in, linear.out} : std::vector{linear.out, linear.in},
        onto_residual ? Kind::residual_linear : Kind::linear);
    if (linear.bias) add(path + linear.name, {linear.out}, Kind::bias);
  }

  void add_layer(const std::string& path) {
    const LayerNorms& norms = parts_.norms;
    for (const std::string* name : {&norms.attention, &norms.attention_output, &norms.feed_forward,
                                    &norms.feed_forward_output}) {
      if (!name->empty()) add_norm(path + *name, shape_.width);
    }
    for (const std::string* name : {&norms.query, &norms.key}) {
      if (!name->empty()) add_norm(path + *name, shape_.head_dim);
    }
    for (const LinearShape& linear : shape_.layer_linears)
      add_linear(path, linear);
  }

  const ModelShape& shape_;
  const NetworkParts& parts_;
  std::vector<BaseTensor> tensors_;
};

}  // namespace

std::int64_t BaseTensor::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

bool BaseTensor::is_matrix() const {
  return kind == Kind::embedding || kind == Kind::head || kind == Kind::linear ||
         kind == Kind::residual_linear;
}

std::vector<BaseTensor> base_tensors(const BaseDescription& base) {
  return TensorList(base).take();
}

}  // namespace lorafleet::model
