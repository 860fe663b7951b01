#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/network/config_reader.hpp"
#include "model/network/families/equal_heads.hpp"
#include "model/network/families/new_size.hpp"
#include "model/network/family.hpp"

namespace lorafleet::model {
namespace {

/// FacebookAI/roberta-*, distilbert/distilroberta-base: their config.json.
struct RobertaSize {
  const char* name;
  std::int64_t layers;
  std::int64_t heads;
  std::int64_t width;
};
constexpr RobertaSize kRobertaSizes[] = {{"roberta-base", 12, 12, 768},
                                         {"roberta-large", 24, 16, 1024},
                                         {"distilroberta-base", 6, 12, 768}};
constexpr std::int64_t kPositions = 514;  // two of them for the padding
constexpr std::int32_t kPadding = 1;

/// Writes count, names, and where they stand.
void read_labels(ClassifierShape& classifier, const ConfigReader& config) {
  const std::string type = config.string("problem_type", "single_label_classification");
  if (type != "single_label_classification") {
    config.refuse("problem_type",
                  "\"" + type + "\" is not supported; allowed: single_label_classification");
  }
  constexpr std::int64_t kMostLabels = 4096;
  classifier.names = config.numbered("id2label");
  const auto named = static_cast<std::int64_t>(classifier.names.size());
  const std::int64_t labels =
      config.integer("num_labels", named > 0 ? named : 2, 1, ConfigReader::kMostSize);
  if (named > 0 && labels != named) {
    config.refuse("num_labels", std::to_string(labels) + " contradicts id2label, which names " +
                                    std::to_string(named) + " labels; leave one of the two out");
  }
  classifier.labels = labels;
  classifier.counted_by = named > 0 ? "id2label" : "num_labels";
  if (labels < 2 || labels > kMostLabels) {
    config.refuse(classifier.counted_by,
                  std::to_string(labels) + " labels: a classifier has from 2 to " +
                      std::to_string(kMostLabels) + "; one would be a regression");
  }
}

/// RobertaClassificationHead: out_proj(tanh(dense(x))), x the first token's output.
void set_classifier(ModelShape& shape, const ConfigReader& config) {
  ClassifierShape& classifier = shape.classifier.emplace();
  read_labels(classifier, config);
  classifier.first = config.token("bos_token_id", 0, shape.vocabulary);
  classifier.separator = shape.ends.front();
  classifier.module = "classifier";
  classifier.architecture = "RobertaForSequenceClassification";
  const std::int64_t d = shape.width;
  classifier.tensors = {{"classifier.dense.weight", {d, d}},
                        {"classifier.dense.bias", {d}},
                        {"classifier.out_proj.weight", {classifier.labels, d}},
                        {"classifier.out_proj.bias", {classifier.labels}}};
  using Role = HeadRole;
  classifier.roles = {Role::dense_weight, Role::dense_bias, Role::out_weight, Role::out_bias};
}

void set_roberta_shape(ModelShape& shape, const ConfigReader& config) {
  shape.family = "roberta";
  shape.vocabulary = config.size("vocab_size");
  read_equal_heads(shape, config, "hidden_size", "num_attention_heads");
  shape.embedding = shape.width;
  shape.layers = config.size("num_hidden_layers", ConfigReader::kMostLayers);
  shape.padding = config.token("pad_token_id", kPadding, shape.vocabulary);
  shape.ends = {config.token("eos_token_id", 2, shape.vocabulary)};
  const std::int64_t rows = config.integer("max_position_embeddings", 512, 1, 1 << 24);
  shape.positions = rows - *shape.padding - 1;
  if (shape.positions < 1) {
    config.refuse("max_position_embeddings",
                  std::to_string(rows) + " leaves no position behind " +
                      "pad_token_id = " + std::to_string(*shape.padding));
  }
  const std::int64_t d = shape.width;
  const std::int64_t wide = config.size("intermediate_size");
  using Role = LinearRole;
  shape.layer_path = "roberta.encoder.layer.";
  shape.layer_linears = {{"attention.self.query", d, d, Role::query, true},
                         {"attention.self.key", d, d, Role::key, true},
                         {"attention.self.value", d, d, Role::value, true},
                         {"attention.output.dense", d, d, Role::attention_output, true},
                         {"intermediate.dense", d, wide, Role::up, true},
                         {"output.dense", wide, d, Role::down, true}};
  set_classifier(shape, config);
}

void refuse_others(const ConfigReader& config) {
  config.refuse_if_set("is_decoder", "RoBERTa as a decoder is not supported");
  config.refuse_if_set("add_cross_attention", "cross-attention is not supported");
  const std::string positions = config.string("position_embedding_type", "absolute");
  if (positions != "absolute") {
    config.refuse("position_embedding_type",
                  "\"" + positions + "\" is not supported; allowed: absolute");
  }
}

BaseDescription read_roberta(const ConfigReader& config) {
  refuse_others(config);
  BaseDescription base;
  ModelShape& shape = base.shape;
  set_roberta_shape(shape, config);
  NetworkParts& parts = base.parts;
  parts.prefix = "roberta.";
  parts.embedding = "roberta.embeddings.word_embeddings";
  parts.positions = "roberta.embeddings.position_embeddings";
  parts.position_offset = *shape.padding + 1;
  parts.token_types = "roberta.embeddings.token_type_embeddings";
  parts.token_type_count = config.integer("type_vocab_size", 2, 1, 1 << 16);
  parts.embedding_norm = "roberta.embeddings.LayerNorm";
  parts.norm.epsilon = config.positive("layer_norm_eps", 1e-12);
  parts.norms.attention = "attention.output.LayerNorm";
  parts.norms.feed_forward = "output.LayerNorm";
  parts.norms_last = true;
  AttentionShape attention{shape.heads, shape.heads, shape.head_dim, usual_scale(shape.head_dim)};
  attention.causal = false;
  parts.attention.assign(static_cast<std::size_t>(shape.layers), attention);
  parts.activation = config.activation("hidden_act", "gelu");
  parts.dropout.hidden = config.probability("hidden_dropout_prob", 0.1);
  parts.dropout.attention = config.probability("attention_probs_dropout_prob", 0.1);
  parts.dropout.embedding = parts.dropout.hidden;
  parts.dropout.classifier = config.probability("classifier_dropout", parts.dropout.hidden);
  // Of the masked language model that roberta-base is, and a buffer.
  parts.buffers = {"roberta.embeddings.position_ids",
                   "roberta.pooler.dense.weight",
                   "roberta.pooler.dense.bias",
                   "lm_head.bias",
                   "lm_head.decoder.weight",
                   "lm_head.decoder.bias",
                   "lm_head.dense.weight",
                   "lm_head.dense.bias",
                   "lm_head.layer_norm.weight",
                   "lm_head.layer_norm.bias"};
  return base;
}

nlohmann::ordered_json roberta_config(const std::string& name, const SizeChanges& changes) {
  const RobertaSize& size = size_named(kRobertaSizes, name);
  const std::int64_t width = changes.width.value_or(size.width);
  const std::int64_t positions = changes.positions ? *changes.positions + kPadding + 1 : kPositions;
  return {{"architectures", {"RobertaModel"}},
          {"attention_probs_dropout_prob", 0.1},
          {"bos_token_id", 0},
          {"dtype", nullptr},
          {"eos_token_id", 2},
          {"hidden_act", "gelu"},
          {"hidden_dropout_prob", 0.1},
          {"hidden_size", width},
          {"initializer_range", 0.02},
          {"intermediate_size", 4 * width},
          {"layer_norm_eps", 1e-5},
          {"max_position_embeddings", positions},
          {"model_type", "roberta"},
          {"num_attention_heads", fewer_heads({size.heads, size.heads}, width, size.width).queries},
          {"num_hidden_layers", changes.layers.value_or(size.layers)},
          {"pad_token_id", kPadding},
          {"type_vocab_size", 1},
          {"vocab_size", changes.vocabulary.value_or(50265)}};
}

}  // namespace

/// arXiv 1907.11692, as transformers' RobertaForSequenceClassification.
Family roberta_family() {
  return {"roberta", read_roberta, names_of(kRobertaSizes), roberta_config};
}

}  // namespace lorafleet::model
