#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "model/lora_layout.hpp"
#include "model/opt.hpp"
#include "model/safetensors.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

namespace fs = std::filesystem;

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) {
    sizes.push_back(std::to_string(size));
  }
  return "[" + join(sizes) + "]";
}

bool is_floating(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float16 || dtype == DType::bfloat16;
}

/// Takes the tensors of a checkpoint one by one and remembers which.
class CheckpointReader {
 public:
  CheckpointReader(const fs::path& file, at::ScalarType dtype)
      : file_(file),
        dtype_(dtype),
        prefix_(file_.find("model.decoder.embed_tokens.weight") != nullptr ? "model." : "") {}

  /// In the model's dtype.
  at::Tensor matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
    return read(name, {rows, columns}).to(dtype_);
  }
  at::Tensor matrix_float32(const std::string& name, std::int64_t rows, std::int64_t columns) {
    return read(name, {rows, columns});
  }
  at::Tensor vector(const std::string& name, std::int64_t size) { return read(name, {size}); }

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
    for (const auto& [name, view] : file_.tensors()) {
      if (!taken_.contains(name) && is_floating(view.dtype)) names.push_back(name);
    }
    if (names.empty()) return;
    const std::size_t count = names.size();
    names.resize(std::min<std::size_t>(count, 5));
    throw InputError(file_.path().string(),
                     std::to_string(count) + " tensor(s) have no place in the model that " +
                         "config.json describes: " + join(names) + (count > 5 ? ", ..." : ""));
  }

 private:
  at::Tensor read(const std::string& name, const std::vector<std::int64_t>& shape) {
    const std::string key = name.starts_with("decoder.") ? prefix_ + name : name;
    const std::string file = file_.path().string();
    const TensorView* view = file_.find(key);
    if (view == nullptr) {
      throw InputError(file, "tensor " + key + " " + shape_text(shape) + " is missing");
    }
    if (view->shape != shape) {
      throw InputError(file, "tensor " + key + " has the shape " + shape_text(view->shape) +
                                 ", config.json asks for " + shape_text(shape));
    }
    if (!is_floating(view->dtype)) {
      throw InputError(file, "tensor " + key + " must be float32, float16 or bfloat16");
    }
    taken_.insert(key);
    std::vector<float> values = view->to_float32();
    return at::from_blob(values.data(), shape, at::kFloat).clone();
  }

  SafetensorsFile file_;
  at::ScalarType dtype_;
  std::string prefix_;
  std::set<std::string> taken_;
};

at::ScalarType dtype_of(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "bfloat16") return at::kBFloat16;
  throw InputError("model.dtype", "must be float32 or bfloat16, not \"" + name + "\"");
}

fs::path weights_file(const fs::path& directory) {
  if (!fs::is_directory(directory)) {
    throw InputError(directory.string(), "is not a folder; model.path names a Hugging Face folder");
  }
  const fs::path file = directory / "model.safetensors";
  if (!fs::exists(file)) {
    throw InputError(directory.string(),
                     "has no model.safetensors (other forms of weights are not read)");
  }
  return file;
}

DecoderLayer read_layer(CheckpointReader& reader, const OptConfig& config, std::int64_t index) {
  const std::string name = "decoder.layers." + std::to_string(index);
  const std::int64_t d = config.hidden_size;
  const bool affine = config.layer_norm_elementwise_affine;
  DecoderLayer layer;
  layer.attention_norm = reader.norm(name + ".self_attn_layer_norm", d, affine);
  layer.final_norm = reader.norm(name + ".final_layer_norm", d, affine);
  const std::vector<std::pair<LinearKind, FrozenLinear*>> linears = {
      {LinearKind::q_proj, &layer.query}, {LinearKind::k_proj, &layer.key},
      {LinearKind::v_proj, &layer.value}, {LinearKind::out_proj, &layer.out},
      {LinearKind::fc1, &layer.up},       {LinearKind::fc2, &layer.down}};
  for (const auto& [kind, target] : linears) {
    const LinearShape shape = shape_of(config, kind);
    const std::string full = module_name(index, kind);
    *target = reader.linear(full.substr(std::string("model.").size()), shape.in, shape.out,
                            config.enable_bias);
  }
  return layer;
}

}  // namespace

std::shared_ptr<const BaseModel> BaseModel::load(const ModelConfig& model) {
  const at::NoGradGuard no_grad;
  const at::ScalarType dtype = dtype_of(model.dtype);
  const fs::path file = weights_file(model.path);
  const OptConfig config = read_opt_config(model.path / "config.json");
  CheckpointReader reader(file, dtype);

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

BaseModel::BaseModel(OptConfig config, std::unique_ptr<Weights> weights)
    : config_(std::move(config)), weights_(std::move(weights)) {}

BaseModel::~BaseModel() = default;

const OptConfig& BaseModel::config() const {
  return config_;
}

}  // namespace lorafleet::model
