#include <torch/torch.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "model/adapter/lora_layout.hpp"
#include "model/device/device.hpp"
#include "model/device/runtime.hpp"
#include "model/files/checkpoint.hpp"
#include "model/network/opt.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) {
    sizes.push_back(std::to_string(size));
  }
  return "[" + join(sizes) + "]";
}

at::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::float16:
      return at::kHalf;
    case DType::bfloat16:
      return at::kBFloat16;
    default:
      return at::kFloat;
  }
}

/// Takes the tensors of a checkpoint one by one and remembers which. Each goes straight from the
/// file into its final type, and then to the device.
class WeightReader {
 public:
  WeightReader(const Checkpoint& checkpoint, at::ScalarType dtype, at::Device device)
      : checkpoint_(checkpoint), dtype_(dtype), device_(device) {}

  /// In the model's dtype.
  at::Tensor matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
    return read(name, {rows, columns}, dtype_);
  }
  at::Tensor matrix_float32(const std::string& name, std::int64_t rows, std::int64_t columns) {
    return read(name, {rows, columns}, at::kFloat);
  }
  at::Tensor vector(const std::string& name, std::int64_t size) {
    return read(name, {size}, at::kFloat);
  }

  FrozenLinear linear(const std::string& name, std::int64_t in, std::int64_t out, bool bias) {
    return {matrix(name + ".weight", out, in), bias ? vector(name + ".bias", out) : at::Tensor()};
  }

  LayerNorm norm(const std::string& name, std::int64_t size, bool affine) {
    if (!affine) return {};
    return {vector(name + ".weight", size), vector(name + ".bias", size)};
  }

  void skip(const std::string& name) { taken_.insert(name); }

  /// A weight that nothing asked for would change what the model computes.
  void refuse_leftovers() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : checkpoint_.tensors()) {
      if (!taken_.contains(name) && is_weight_type(tensor.view.dtype)) names.push_back(name);
    }
    if (names.empty()) return;
    const std::size_t count = names.size();
    names.resize(std::min<std::size_t>(count, 5));
    throw InputError(checkpoint_.path().string(),
                     std::to_string(count) + " tensor(s) have no place in the model that " +
                         "config.json describes: " + join(names) + (count > 5 ? ", ..." : ""));
  }

 private:
  at::Tensor read(const std::string& name, const std::vector<std::int64_t>& shape,
                  at::ScalarType dtype) {
    const std::string key = name.starts_with("decoder.") ? checkpoint_.prefix() + name : name;
    const Checkpoint::Tensor* tensor = checkpoint_.find(key);
    if (tensor == nullptr) {
      throw InputError(checkpoint_.path().string(),
                       "tensor " + key + " " + shape_text(shape) + " is missing");
    }
    const std::string file = checkpoint_.path_of(*tensor).string();
    const TensorView& view = tensor->view;
    if (view.shape != shape) {
      throw InputError(file, "tensor " + key + " has the shape " + shape_text(view.shape) +
                                 ", config.json asks for " + shape_text(shape));
    }
    if (!is_weight_type(view.dtype)) {
      throw InputError(file, "tensor " + key + " must be float32, float16 or bfloat16");
    }
    taken_.insert(key);
    at::Tensor result = at::empty(shape, dtype);
    if (view.strides.empty() && scalar_type(view.dtype) == dtype) {
      checkpoint_.copy(*tensor, {static_cast<std::byte*>(result.data_ptr()), view.bytes.size()});
      return result.to(device_);
    }
    at::Tensor flat = result.view(-1);
    checkpoint_.read(*tensor, [&](std::size_t first, std::span<const float> values) {
      const auto count = static_cast<std::int64_t>(values.size());
      flat.narrow(0, static_cast<std::int64_t>(first), count)
          .copy_(at::from_blob(const_cast<float*>(values.data()), {count}, at::kFloat));
    });
    return result.to(device_);
  }

  const Checkpoint& checkpoint_;
  at::ScalarType dtype_;
  at::Device device_;
  std::set<std::string> taken_;
};

at::ScalarType dtype_of(const std::string& name, at::Device device) {
  if (name == "float32") return at::kFloat;
  if (name == "bfloat16") return at::kBFloat16;
  if (name != "float16") {
    throw InputError("model.dtype", "must be float32, bfloat16 or float16, not \"" + name + "\"");
  }
  if (device.is_cpu()) {
    throw InputError("model.dtype",
                     "float16 needs a GPU: LibTorch has no float16 matrix products on CPUs; "
                     "allowed there: float32, bfloat16");
  }
  return at::kHalf;
}

DecoderLayer read_layer(WeightReader& reader, const OptConfig& config, std::int64_t index) {
  const std::string name = "decoder.layers." + std::to_string(index);
  const std::int64_t d = config.hidden_size;
  const bool affine = config.layer_norm_elementwise_affine;
  DecoderLayer layer;
  layer.attention_norm = reader.norm(name + ".self_attn_layer_norm", d, affine);
  layer.final_norm = reader.norm(name + ".final_layer_norm", d, affine);
  for (std::size_t i = 0; i < layer_kinds; ++i) {
    const auto kind = static_cast<LinearKind>(i);
    const LinearShape shape = shape_of(config, kind);
    const std::string full = module_name(index, kind);
    linear_of(layer, kind) = reader.linear(full.substr(std::string("model.").size()), shape.in,
                                           shape.out, config.enable_bias);
  }
  return layer;
}

}  // namespace

std::shared_ptr<const BaseModel> BaseModel::load(const ModelConfig& model,
                                                 const std::string& device_name) {
  const at::NoGradGuard no_grad;
  blas_kernels();  // before the first product
  const at::Device device = open_device(device_name);
  const at::ScalarType dtype = dtype_of(model.dtype, device);
  if (!std::filesystem::is_directory(model.path)) {
    throw InputError(model.path.string(),
                     "is not a folder; model.path names a Hugging Face folder");
  }
  const OptConfig config = read_opt_config(model.path / "config.json");
  const Checkpoint checkpoint(model.path);
  WeightReader reader(checkpoint, dtype, device);

  const std::int64_t d = config.hidden_size;
  const std::int64_t e = config.word_embed_proj_dim;
  auto weights = std::make_unique<Weights>();
  weights->embed_tokens = reader.matrix("decoder.embed_tokens.weight", config.vocab_size, e);
  weights->embed_positions = reader.matrix_float32(
      "decoder.embed_positions.weight", config.max_position_embeddings + position_offset, d);
  if (e != d) {
    weights->project_in = reader.linear("decoder.project_in", e, d, false);
    weights->project_out = reader.linear("decoder.project_out", d, e, false);
  }
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    weights->layers.push_back(read_layer(reader, config, i));
  }
  weights->has_final_norm = config.do_layer_norm_before && !config.remove_final_layer_norm;
  if (weights->has_final_norm) {
    weights->final_norm =
        reader.norm("decoder.final_layer_norm", d, config.layer_norm_elementwise_affine);
  }
  if (config.tie_word_embeddings) {
    reader.skip("lm_head.weight");
    weights->head = weights->embed_tokens;
  } else {
    weights->head = reader.matrix("lm_head.weight", config.vocab_size, e);
  }
  for (const char* buffer : {"decoder.version", "model.decoder.version"}) {
    reader.skip(buffer);
  }
  reader.refuse_leftovers();
  return std::shared_ptr<const BaseModel>(new BaseModel(config, std::move(weights)));
}

}  // namespace lorafleet::model
