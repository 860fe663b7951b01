#include "tools/pretrain/opt_size.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::pretrain {
namespace {

constexpr std::int64_t kPadding = 1;
constexpr double kDeviation = 0.02;

/// Names the tensors one after the other.
class ParameterList {
 public:
  void matrix(const std::string& name, std::int64_t rows, std::int64_t columns,
              double deviation = kDeviation) {
    add({name + ".weight", {rows, columns}, 0, deviation, 0.0f});
  }
  void bias(const std::string& name, std::int64_t size) {
    add({name + ".bias", {size}, 0, 0.0, 0.0f});
  }
  void linear(const std::string& name, std::int64_t in, std::int64_t out,
              double deviation = kDeviation) {
    matrix(name, out, in, deviation);
    bias(name, out);
  }
  void norm(const std::string& name, std::int64_t width) {
    add({name + ".weight", {width}, 0, 0.0, 1.0f});
    bias(name, width);
  }
  [[nodiscard]] std::vector<Parameter> take() { return std::move(parameters_); }

 private:
  void add(Parameter parameter) {
    parameter.offset = next_;
    next_ += parameter.numel();
    parameters_.push_back(std::move(parameter));
  }

  std::vector<Parameter> parameters_;
  std::size_t next_ = 0;
};

}  // namespace

const std::vector<OptSize>& opt_sizes() {
  static const std::vector<OptSize> kSizes = {{"opt-nano", 3, 3, 96, 3e-3},
                                              {"opt-micro", 5, 5, 160, 2e-3},
                                              {"opt-mini", 6, 8, 256, 1.5e-3},
                                              {"opt-small", 6, 16, 512, 1e-3}};
  return kSizes;
}

std::vector<std::string> opt_size_names() {
  std::vector<std::string> names;
  for (const OptSize& size : opt_sizes())
    names.push_back(size.name);
  return names;
}

const OptSize& opt_size_named(const std::string& name, const std::string& key) {
  const auto found = std::find_if(opt_sizes().begin(), opt_sizes().end(),
                                  [&](const OptSize& size) { return size.name == name; });
  if (found == opt_sizes().end()) {
    throw InputError(key, "unknown size \"" + name + "\"; allowed: " + join(opt_size_names()));
  }
  return *found;
}

void check(const OptSize& size) {
  if (size.width % size.heads != 0) {
    throw InputError("--hidden", std::to_string(size.width) + " is not a multiple of the " +
                                     std::to_string(size.heads) + " heads");
  }
}

nlohmann::ordered_json config_of(const OptSize& size) {
  return {{"_remove_final_layer_norm", false},
          {"activation_function", "relu"},
          {"architectures", {"OPTForCausalLM"}},
          {"attention_dropout", 0.0},
          {"bos_token_id", 2},
          {"do_layer_norm_before", true},
          {"dropout", 0.0},
          {"dtype", "bfloat16"},
          {"enable_bias", true},
          {"eos_token_id", 2},
          {"ffn_dim", size.wide()},
          {"hidden_size", size.width},
          {"init_std", kDeviation},
          {"layer_norm_elementwise_affine", true},
          {"layerdrop", 0.0},
          {"max_position_embeddings", size.positions},
          {"model_type", "opt"},
          {"num_attention_heads", size.heads},
          {"num_hidden_layers", size.layers},
          {"pad_token_id", kPadding},
          {"tie_word_embeddings", true},
          {"use_cache", true},
          {"vocab_size", size.vocabulary},
          {"word_embed_proj_dim", size.width}};
}

std::size_t Parameter::numel() const {
  std::size_t product = 1;
  for (const std::int64_t extent : shape)
    product *= static_cast<std::size_t>(extent);
  return product;
}

std::vector<Parameter> parameters_of(const OptSize& size) {
  const std::int64_t d = size.width;
  const double onto_residual = kDeviation / std::sqrt(2.0 * static_cast<double>(size.layers));
  ParameterList list;
  list.matrix("model.decoder.embed_tokens", size.vocabulary, d);
  list.matrix("model.decoder.embed_positions", size.positions + kPositionOffset, d);
  list.norm("model.decoder.final_layer_norm", d);
  for (std::int64_t layer = 0; layer < size.layers; ++layer) {
    const std::string path = "model.decoder.layers." + std::to_string(layer) + ".";
    list.norm(path + "self_attn_layer_norm", d);
    for (const char* name : {"q_proj", "k_proj", "v_proj"})
      list.matrix(path + "self_attn." + name, d, d);
    for (const char* name : {"q_proj", "k_proj", "v_proj"})
      list.bias(path + "self_attn." + name, d);
    list.linear(path + "self_attn.out_proj", d, d, onto_residual);
    list.norm(path + "final_layer_norm", d);
    list.linear(path + "fc1", d, size.wide());
    list.linear(path + "fc2", size.wide(), d, onto_residual);
  }
  return list.take();
}

std::size_t total_size(const std::vector<Parameter>& parameters) {
  return parameters.back().offset + parameters.back().numel();
}

std::vector<float> first_weights(const OptSize& size, std::uint64_t seed) {
  const std::vector<Parameter> parameters = parameters_of(size);
  std::vector<float> weights;
  weights.reserve(total_size(parameters));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Random random(seed, Purpose::base_init, i);
    for (std::size_t j = 0; j < parameters[i].numel(); ++j) {
      weights.push_back(parameters[i].deviation > 0.0
                            ? static_cast<float>(parameters[i].deviation * random.normal())
                            : parameters[i].start);
    }
  }
  return weights;
}

}  // namespace lorafleet::pretrain
