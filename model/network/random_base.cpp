#include "model/network/random_base.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/files/hf_directory.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

constexpr double kDeviation = 0.02;

/// A tensor of a new model: all of one value, or drawn around 0.
struct RandomTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  double deviation = 0.0;  ///< 0: not drawn
  float value = 0.0f;
  std::optional<std::int64_t> zero_row = {};  ///< stays 0: the padding token's embedding
};

/// The weights of a new model, in the order in which they are drawn and written.
class TensorList {
 public:
  explicit TensorList(const BaseDescription& base) : shape_(base.shape), parts_(base.parts) {
    draw(parts_.embedding, {shape_.vocabulary, shape_.embedding});
    tensors_.back().zero_row = shape_.padding;
    if (!parts_.positions.empty()) {
      draw(parts_.positions, {shape_.positions + parts_.position_offset, shape_.width});
    }
    for (const LinearShape& linear : shape_.other_linears)
      add_linear("", linear);
    add_norm(parts_.final_norm, shape_.width);
    for (std::int64_t layer = 0; layer < shape_.layers; ++layer)
      add_layer(shape_.layer_path + std::to_string(layer) + ".");
    if (!parts_.tied) draw(parts_.head, {shape_.vocabulary, shape_.embedding});
  }

  [[nodiscard]] std::vector<RandomTensor> take() { return std::move(tensors_); }

 private:
  void draw(const std::string& name, const std::vector<std::int64_t>& shape,
            double deviation = kDeviation) {
    tensors_.push_back({name + ".weight", shape, deviation});
  }

  void fill(const std::string& name, std::int64_t size, float value) {
    tensors_.push_back({name, {size}, 0.0, value});
  }

  void add_norm(const std::string& name, std::int64_t size) {
    if (name.empty() || !parts_.norm.affine) return;
    fill(name + ".weight", size, parts_.norm.one_plus ? 0.0f : 1.0f);
    if (parts_.norm.kind == NormParts::Kind::layer) fill(name + ".bias", size, 0.0f);
  }

  void add_linear(const std::string& path, const LinearShape& linear) {
    const bool onto_residual =
        linear.role == LinearRole::attention_output || linear.role == LinearRole::down;
    const double layers = static_cast<double>(shape_.layers);
    draw(
        path + linear.name,
        linear.transposed ? std::vector{linear.in, linear.out} : std::vector{linear.out, linear.in},
        onto_residual && parts_.shrinks_residual_init ? kDeviation / std::sqrt(2.0 * layers)
                                                      : kDeviation);
    if (linear.bias) fill(path + linear.name + ".bias", linear.out, 0.0f);
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
  std::vector<RandomTensor> tensors_;
};

/// `index` in the list of tensors keys the draws.
void produce(const RandomTensor& tensor, std::uint64_t seed, std::size_t index,
             const ProducedTensor::Sink& sink) {
  const std::int64_t rows = tensor.shape[0];
  const std::int64_t columns = tensor.shape.size() > 1 ? tensor.shape[1] : 1;
  Random random(seed, Purpose::base_init, index);
  std::vector<float> row(static_cast<std::size_t>(columns));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (float& value : row) {
      value = tensor.deviation > 0.0 ? static_cast<float>(tensor.deviation * random.normal())
                                     : tensor.value;
      if (tensor.zero_row == i) value = 0.0f;
    }
    sink(row);
  }
}

}  // namespace

void write_random_base(const std::filesystem::path& out, const NewBase& base, std::uint64_t seed,
                       DType dtype, std::uint64_t max_shard_bytes) {
  make_folder(out);
  std::vector<ProducedTensor> tensors;
  for (const RandomTensor& tensor : TensorList(base.description).take()) {
    tensors.push_back({tensor.name, tensor.shape,
                       [tensor, seed, index = tensors.size()](const ProducedTensor::Sink& sink) {
                         produce(tensor, seed, index, sink);
                       }});
  }
  write_weights(out, tensors, dtype, max_shard_bytes);
  auto config = nlohmann::ordered_json::parse(base.config);
  config["dtype"] = torch_name(dtype);
  write_file(out / "config.json", config.dump(2) + "\n");
}

}  // namespace lorafleet::model
