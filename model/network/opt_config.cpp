#include "model/network/opt_config.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

namespace {

/// Far above every published model: what is beyond is a damaged or hostile file. Products of two
/// sizes stay within 64 bits.
constexpr std::int64_t kMostLayers = 1024;
constexpr std::int64_t kMostSize = 1 << 24;

const std::vector<std::string> kActivations = {
    "relu",       "relu2", "relu6", "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh",
    "quick_gelu", "silu",  "swish", "mish", "tanh",     "sigmoid"};

/// Typed access to the keys; a key whose value is null counts as absent, as in Hugging Face's
/// configs.
class ConfigReader {
 public:
  ConfigReader(std::string file, const json& root) : file_(std::move(file)), root_(root) {
    if (!root_.is_object()) {
      throw InputError(file_, "an object was expected, not " + std::string(kind_of(root_)));
    }
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const {
    throw InputError(file_, key + ": " + reason);
  }

  std::int64_t size(const std::string& key, std::int64_t most) const {
    if (find(key) == nullptr) {
      refuse(key, "is missing; an integer from 1 to " + std::to_string(most) + " is needed");
    }
    return integer(key, 0, 1, most);
  }

  std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t least,
                       std::int64_t most) const {
    const json* value = find(key);
    if (value == nullptr) return fallback;
    if (!is_unsigned_up_to(*value, static_cast<std::uint64_t>(most)) ||
        value->get<std::int64_t>() < least) {
      refuse(key, "must be an integer from " + std::to_string(least) + " to " +
                      std::to_string(most) + ", not " + value->dump());
    }
    return value->get<std::int64_t>();
  }

  bool boolean(const std::string& key, bool fallback) const {
    const json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) refuse(key, "must be true or false, not " + value->dump());
    return value->get<bool>();
  }

  double probability(const std::string& key, double fallback) const {
    const json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_number() || !(value->get<double>() >= 0.0 && value->get<double>() < 1.0)) {
      refuse(key, "must be a number from 0 to below 1, not " + value->dump());
    }
    return value->get<double>();
  }

  std::string string(const std::string& key, const std::string& fallback) const {
    const json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_string()) refuse(key, "must be a string, not " + value->dump());
    return value->get<std::string>();
  }

  std::int32_t token(const std::string& key, std::int32_t fallback, std::int64_t vocab_size) const {
    const std::int64_t id = integer(key, fallback, 0, std::numeric_limits<std::int32_t>::max());
    if (id >= vocab_size) {
      refuse(key, std::to_string(id) + " is not below vocab_size = " + std::to_string(vocab_size));
    }
    return static_cast<std::int32_t>(id);
  }

 private:
  const json* find(const std::string& key) const {
    const auto found = root_.find(key);
    return found == root_.end() || found->is_null() ? nullptr : &*found;
  }

  std::string file_;
  const json& root_;
};

}  // namespace

OptConfig read_opt_config(const std::filesystem::path& file) {
  const json root = parse_json(read_file(file), file.string());
  const ConfigReader reader(file.string(), root);
  const std::string type = reader.string("model_type", "");
  if (type != "opt") {
    reader.refuse("model_type",
                  (type.empty() ? "is missing" : "\"" + type + "\" is not supported") +
                      std::string("; allowed: opt"));
  }

  OptConfig config;
  config.vocab_size = reader.size("vocab_size", kMostSize);
  config.hidden_size = reader.size("hidden_size", kMostSize);
  config.num_hidden_layers = reader.size("num_hidden_layers", kMostLayers);
  config.num_attention_heads = reader.size("num_attention_heads", kMostSize);
  config.ffn_dim = reader.size("ffn_dim", kMostSize);
  config.max_position_embeddings = reader.size("max_position_embeddings", kMostSize);
  config.word_embed_proj_dim =
      reader.integer("word_embed_proj_dim", config.hidden_size, 1, kMostSize);
  if (config.hidden_size % config.num_attention_heads != 0) {
    reader.refuse("num_attention_heads",
                  std::to_string(config.num_attention_heads) +
                      " does not divide hidden_size = " + std::to_string(config.hidden_size));
  }

  config.do_layer_norm_before = reader.boolean("do_layer_norm_before", config.do_layer_norm_before);
  config.remove_final_layer_norm =
      reader.boolean("_remove_final_layer_norm", config.remove_final_layer_norm);
  config.enable_bias = reader.boolean("enable_bias", config.enable_bias);
  config.layer_norm_elementwise_affine =
      reader.boolean("layer_norm_elementwise_affine", config.layer_norm_elementwise_affine);
  config.tie_word_embeddings = reader.boolean("tie_word_embeddings", config.tie_word_embeddings);
  config.dropout = reader.probability("dropout", config.dropout);
  config.attention_dropout = reader.probability("attention_dropout", config.attention_dropout);
  config.layerdrop = reader.probability("layerdrop", config.layerdrop);

  config.activation_function = reader.string("activation_function", config.activation_function);
  if (std::find(kActivations.begin(), kActivations.end(), config.activation_function) ==
      kActivations.end()) {
    reader.refuse("activation_function", "\"" + config.activation_function +
                                             "\" is not supported; allowed: " + join(kActivations));
  }

  config.bos_token_id = reader.token("bos_token_id", config.bos_token_id, config.vocab_size);
  config.eos_token_id = reader.token("eos_token_id", config.eos_token_id, config.vocab_size);
  config.pad_token_id = reader.token("pad_token_id", config.pad_token_id, config.vocab_size);
  return config;
}

}  // namespace lorafleet::model
