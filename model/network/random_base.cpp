#include "model/network/random_base.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/adapter/lora_layout.hpp"
#include "model/files/hf_directory.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

struct KnownShape {
  const char* name;
  std::int64_t layers;
  std::int64_t heads;
  std::int64_t hidden;
  std::int64_t embedding;
  bool norm_before;
};
constexpr KnownShape kShapes[] = {{"opt-125m", 12, 12, 768, 768, true},
                                  {"opt-350m", 24, 16, 1024, 512, false},
                                  {"opt-1.3b", 24, 32, 2048, 2048, true},
                                  {"opt-2.7b", 32, 32, 2560, 2560, true},
                                  {"opt-6.7b", 32, 32, 4096, 4096, true}};

enum class Init { normal, embedding, zeros, ones };

/// The tensors of one model, in the order in which they are written.
class TensorList {
 public:
  TensorList(const OptConfig& config, std::uint64_t seed) : config_(config), seed_(seed) {
    const std::int64_t d = config.hidden_size;
    const std::int64_t e = config.word_embed_proj_dim;
    add("model.decoder.embed_tokens.weight", {config.vocab_size, e}, Init::embedding);
    add("model.decoder.embed_positions.weight", {config.max_position_embeddings + 2, d},
        Init::normal);
    if (e != d) {
      add("model.decoder.project_in.weight", {d, e}, Init::normal);
      add("model.decoder.project_out.weight", {e, d}, Init::normal);
    }
    if (config.do_layer_norm_before && !config.remove_final_layer_norm) {
      add_norm("model.decoder.final_layer_norm");
    }
    for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
      add_layer(layer);
    if (!config.tie_word_embeddings) {
      add("lm_head.weight", {config.vocab_size, e}, Init::normal);
    }
  }

  [[nodiscard]] const std::vector<ProducedTensor>& tensors() const { return tensors_; }

 private:
  void add(const std::string& name, const std::vector<std::int64_t>& shape, Init init) {
    tensors_.push_back(
        {name, shape, [this, shape, init, index = tensors_.size()](const auto& sink) {
           produce(shape, init, index, sink);
         }});
  }

  void add_norm(const std::string& name) {
    if (!config_.layer_norm_elementwise_affine) return;
    add(name + ".weight", {config_.hidden_size}, Init::ones);
    add(name + ".bias", {config_.hidden_size}, Init::zeros);
  }

  void add_layer(std::int64_t layer) {
    const std::string name = "model.decoder.layers." + std::to_string(layer);
    add_norm(name + ".self_attn_layer_norm");
    add_norm(name + ".final_layer_norm");
    for (std::size_t kind = 0; kind < layer_kinds; ++kind) {
      const auto linear = static_cast<LinearKind>(kind);
      const LinearShape shape = shape_of(config_, linear);
      add(module_name(layer, linear) + ".weight", {shape.out, shape.in}, Init::normal);
      if (config_.enable_bias) {
        add(module_name(layer, linear) + ".bias", {shape.out}, Init::zeros);
      }
    }
  }

  void produce(const std::vector<std::int64_t>& shape, Init init, std::size_t index,
               const ProducedTensor::Sink& sink) const {
    constexpr double kDeviation = 0.02;
    const std::int64_t rows = shape[0];
    const std::int64_t columns = shape.size() > 1 ? shape[1] : 1;
    Random random(seed_, Purpose::base_init, index);
    std::vector<float> row(static_cast<std::size_t>(columns));
    for (std::int64_t i = 0; i < rows; ++i) {
      const bool padding = init == Init::embedding && i == config_.pad_token_id;
      for (float& value : row) {
        const bool drawn = init == Init::normal || init == Init::embedding;
        value = drawn ? static_cast<float>(kDeviation * random.normal())
                      : (init == Init::ones ? 1.0f : 0.0f);
        if (padding) value = 0.0f;
      }
      sink(row);
    }
  }

  const OptConfig& config_;
  std::uint64_t seed_;
  std::vector<ProducedTensor> tensors_;
};

std::string config_text(const OptConfig& config, DType dtype) {
  const nlohmann::ordered_json json = {
      {"_remove_final_layer_norm", config.remove_final_layer_norm},
      {"activation_function", config.activation_function},
      {"architectures", {"OPTForCausalLM"}},
      {"attention_dropout", config.attention_dropout},
      {"bos_token_id", config.bos_token_id},
      {"do_layer_norm_before", config.do_layer_norm_before},
      {"dropout", config.dropout},
      {"dtype", dtype == DType::float32   ? "float32"
                : dtype == DType::float16 ? "float16"
                                          : "bfloat16"},
      {"enable_bias", config.enable_bias},
      {"eos_token_id", config.eos_token_id},
      {"ffn_dim", config.ffn_dim},
      {"hidden_size", config.hidden_size},
      {"init_std", 0.02},
      {"layer_norm_elementwise_affine", config.layer_norm_elementwise_affine},
      {"layerdrop", 0.0},
      {"max_position_embeddings", config.max_position_embeddings},
      {"model_type", "opt"},
      {"num_attention_heads", config.num_attention_heads},
      {"num_hidden_layers", config.num_hidden_layers},
      {"pad_token_id", config.pad_token_id},
      {"tie_word_embeddings", config.tie_word_embeddings},
      {"use_cache", true},
      {"vocab_size", config.vocab_size},
      {"word_embed_proj_dim", config.word_embed_proj_dim}};
  return json.dump(2) + "\n";
}

}  // namespace

std::vector<std::string> known_shapes() {
  std::vector<std::string> names;
  for (const auto& shape : kShapes)
    names.emplace_back(shape.name);
  return names;
}

OptConfig shape_named(const std::string& name) {
  for (const auto& shape : kShapes) {
    if (name != shape.name) continue;
    OptConfig config;
    config.vocab_size = 50272;
    config.hidden_size = shape.hidden;
    config.num_hidden_layers = shape.layers;
    config.num_attention_heads = shape.heads;
    config.ffn_dim = 4 * shape.hidden;
    config.max_position_embeddings = 2048;
    config.word_embed_proj_dim = shape.embedding;
    config.do_layer_norm_before = shape.norm_before;
    config.dropout = 0.1;
    return config;
  }
  throw InputError("--like", "\"" + name + "\" is not known; allowed: " + join(known_shapes()));
}

void write_random_base(const std::filesystem::path& out, const OptConfig& config,
                       std::uint64_t seed, DType dtype, std::uint64_t max_shard_bytes) {
  make_folder(out);
  const TensorList list(config, seed);
  write_weights(out, list.tensors(), dtype, max_shard_bytes);
  write_file(out / "config.json", config_text(config, dtype));
}

}  // namespace lorafleet::model
