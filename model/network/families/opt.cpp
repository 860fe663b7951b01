#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "model/network/families/families.hpp"
#include "model/network/families/opt_config.hpp"
#include "model/network/families/opt_network.hpp"
#include "model/network/network.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

/// facebook/opt-* (arXiv 2205.01068, table 1; their config.json).
struct KnownSize {
  const char* name;
  std::int64_t layers;
  std::int64_t heads;
  std::int64_t hidden;
  std::int64_t embedding;
  bool norm_before;
};
constexpr KnownSize kSizes[] = {{"opt-125m", 12, 12, 768, 768, true},
                                {"opt-350m", 24, 16, 1024, 512, false},
                                {"opt-1.3b", 24, 32, 2048, 2048, true},
                                {"opt-2.7b", 32, 32, 2560, 2560, true},
                                {"opt-6.7b", 32, 32, 4096, 4096, true}};

std::string config_text(const OptConfig& config, DType dtype) {
  const nlohmann::ordered_json json = {
      {"_remove_final_layer_norm", config.remove_final_layer_norm},
      {"activation_function", config.activation_function},
      {"architectures", {"OPTForCausalLM"}},
      {"attention_dropout", config.attention_dropout},
      {"bos_token_id", config.bos_token_id},
      {"do_layer_norm_before", config.do_layer_norm_before},
      {"dropout", config.dropout},
      {"dtype", torch_name(dtype)},
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

/// The tensors of a new OPT, in the order in which they are drawn.
class TensorList {
 public:
  explicit TensorList(const OptConfig& config) : config_(config) {
    const ModelShape shape = shape_of(config);
    const std::int64_t d = shape.width;
    const std::int64_t e = shape.embedding;
    add("model.decoder.embed_tokens.weight", {shape.vocabulary, e});
    tensors_.back().zero_row = shape.padding;
    add("model.decoder.embed_positions.weight", {shape.positions + 2, d});
    for (const LinearShape& linear : shape.other_linears)
      add(linear.name + ".weight", {linear.out, linear.in});
    if (config.do_layer_norm_before && !config.remove_final_layer_norm) {
      add_norm("model.decoder.final_layer_norm");
    }
    for (std::int64_t layer = 0; layer < shape.layers; ++layer)
      add_layer(shape, shape.layer_path + std::to_string(layer) + ".");
    if (!config.tie_word_embeddings) add("lm_head.weight", {shape.vocabulary, e});
  }

  [[nodiscard]] std::vector<RandomTensor> take() { return std::move(tensors_); }

 private:
  using Init = RandomTensor::Init;

  void add(const std::string& name, const std::vector<std::int64_t>& shape,
           Init init = Init::normal) {
    tensors_.push_back({name, shape, init});
  }

  void add_norm(const std::string& name) {
    if (!config_.layer_norm_elementwise_affine) return;
    add(name + ".weight", {config_.hidden_size}, Init::ones);
    add(name + ".bias", {config_.hidden_size}, Init::zeros);
  }

  void add_layer(const ModelShape& shape, const std::string& name) {
    add_norm(name + "self_attn_layer_norm");
    add_norm(name + "final_layer_norm");
    for (const LinearShape& linear : shape.layer_linears) {
      add(name + linear.name + ".weight", {linear.out, linear.in});
      if (config_.enable_bias) add(name + linear.name + ".bias", {linear.out}, Init::zeros);
    }
  }

  const OptConfig& config_;
  std::vector<RandomTensor> tensors_;
};

class OptDescription final : public BaseDescription {
 public:
  explicit OptDescription(const OptConfig& config)
      : BaseDescription(shape_of(config)), config_(config) {}

  [[nodiscard]] std::unique_ptr<Network> load(WeightReader& reader) const override {
    return load_opt(config_, reader);
  }

  [[nodiscard]] std::string weight_name(const std::string& key) const override {
    const std::string name = key.starts_with("decoder.") ? "model." + key : key;
    const bool tied = name == "lm_head.weight" && config_.tie_word_embeddings;
    return name == "model.decoder.version" || tied ? "" : name;
  }

  [[nodiscard]] std::vector<RandomTensor> random_weights() const override {
    return TensorList(config_).take();
  }

  [[nodiscard]] std::string config_text(DType dtype) const override {
    return model::config_text(config_, dtype);
  }

 private:
  OptConfig config_;
};

OptConfig config_of(const KnownSize& size, const SizeChanges& changes) {
  OptConfig config;
  config.vocab_size = changes.vocabulary.value_or(50272);
  config.hidden_size = changes.width.value_or(size.hidden);
  config.num_hidden_layers = changes.layers.value_or(size.layers);
  config.num_attention_heads = size.heads;
  config.ffn_dim = 4 * config.hidden_size;
  config.max_position_embeddings = changes.positions.value_or(2048);
  config.word_embed_proj_dim = size.embedding;
  config.do_layer_norm_before = size.norm_before;
  config.dropout = 0.1;
  if (!changes.width) return config;
  if (*changes.width % size.heads != 0) {
    throw InputError("--hidden", std::to_string(*changes.width) + " is not a multiple of the " +
                                     std::to_string(size.heads) + " heads");
  }
  config.word_embed_proj_dim = size.hidden == size.embedding ? *changes.width : *changes.width / 2;
  return config;
}

class OptFamily final : public Family {
 public:
  [[nodiscard]] std::string model_type() const override { return "opt"; }

  [[nodiscard]] std::unique_ptr<BaseDescription> read(const ConfigReader& config) const override {
    return std::make_unique<OptDescription>(read_opt_config(config));
  }

  [[nodiscard]] std::vector<std::string> sizes() const override {
    std::vector<std::string> names;
    for (const KnownSize& size : kSizes)
      names.emplace_back(size.name);
    return names;
  }

  [[nodiscard]] std::unique_ptr<BaseDescription> of_size(
      const std::string& name, const SizeChanges& changes) const override {
    for (const KnownSize& size : kSizes) {
      if (name == size.name) return std::make_unique<OptDescription>(config_of(size, changes));
    }
    throw std::logic_error(name + " is no size of an OPT");
  }
};

}  // namespace

const Family& opt_family() {
  static const OptFamily family;
  return family;
}

}  // namespace lorafleet::model
