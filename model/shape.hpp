#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::model {

/// What a linear layer does in its base.
enum class LinearRole {
  query,
  key,
  value,
  query_key_value,  ///< the three in one
  attention_output,
  gate,
  up,
  down,
  embedding_in,   ///< from a narrower embedding into the residual stream
  embedding_out,  ///< and back, before the output layer
};

/// A tensor of the base that is trained whole, beside LoRA's factors, as PEFT's modules_to_save
/// are: a classifier's weights.
struct WholeTensor {
  std::string name;  ///< as Hugging Face names it: "classifier.dense.weight"
  std::vector<std::int64_t> shape;

  [[nodiscard]] std::size_t size() const;
  friend bool operator==(const WholeTensor&, const WholeTensor&) = default;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("shape", self.shape);
  }
};

/// What a tensor of a classifier is in out(tanh(dense(x))).
enum class HeadRole { dense_weight, dense_bias, out_weight, out_bias };

/// How a classifier reads texts, and what it tells apart.
struct ClassifierShape {
  std::int64_t labels = 0;
  std::int32_t first = 0;      ///< the token before the texts, whose output is classified
  std::int32_t separator = 0;  ///< after each text, and once more between two
  std::string module;          ///< what PEFT's modules_to_save calls its weights
  std::vector<WholeTensor> tensors = {};  ///< trained whole, beside an adapter's factors
  std::vector<HeadRole> roles = {};       ///< of the tensors, in their order
  std::vector<std::string> names = {};    ///< of the labels; empty where config.json has none
  std::string counted_by = {};            ///< config.json's key that says how many labels there are
  std::string architecture = {};          ///< Hugging Face's class of the whole

  /// The tensor that has this role. Throws std::logic_error where none has.
  [[nodiscard]] std::size_t tensor(HeadRole role) const;
};

/// A linear layer of a base that an adapter may change.
struct LinearShape {
  std::string name;  ///< "self_attn.q_proj" within its layer; all of "model.project_in" elsewhere
  std::int64_t in = 0;
  std::int64_t out = 0;
  LinearRole role = LinearRole::query;
  bool bias = false;
  bool transposed = false;  ///< files hold it as [in, out]: GPT-2's Conv1D

  /// What [lora] target_modules calls it: all after the last dot.
  [[nodiscard]] std::string target() const;
};

/// All that the project knows of a base outside of its family (model/network/families): sizes,
/// special tokens, and the linear layers in the order of an adapter.
///
/// Modules go by index: module i of layer l is l * layer_linears.size() + i; those around the
/// layers come after all of them. The output layer is none.
struct ModelShape {
  std::string family;  ///< config.json's model_type
  std::int64_t vocabulary = 0;
  std::int64_t width = 0;      ///< of the residual stream
  std::int64_t embedding = 0;  ///< of the token embedding and the output layer's input
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;  ///< of keys and values; less than `heads` where queries share them
  std::int64_t head_dim = 0;
  std::int64_t positions = 0;           ///< tokens of the longest sequence
  std::vector<std::int32_t> ends = {};  ///< any of them ends a text; the first is written
  std::optional<std::int32_t> padding = {};
  std::string layer_path;  ///< "model.layers.", before a layer's number
  std::vector<LinearShape> layer_linears = {};
  std::vector<LinearShape> other_linears = {};
  std::optional<ClassifierShape> classifier = {};  ///< in place of a language model's head

  /// The token that ends a text. Throws std::logic_error where there is none.
  [[nodiscard]] std::int32_t end() const;
  [[nodiscard]] bool ends_with(std::int64_t token) const;

  [[nodiscard]] std::size_t modules() const;
  [[nodiscard]] const LinearShape& linear(std::size_t module) const;
  /// As Hugging Face names it: "model.layers.3.self_attn.q_proj".
  [[nodiscard]] std::string module_name(std::size_t module) const;
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  /// What [lora] target_modules may name, each once, in the order of the modules.
  [[nodiscard]] std::vector<std::string> targets() const;

  /// Whether a module stands before another one, by name, the base's or not: by layer, then as
  /// the shape lists them; others come last, by name.
  [[nodiscard]] bool comes_before(const std::string& a, const std::string& b) const;
};

}  // namespace lorafleet::model
