#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "model/files/safetensors.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::tests {

/// A pre-norm OPT straight from its definition, in float64 and without LibTorch: what the fast code
/// is measured against where there are no golden values. Options follow from config.json and from
/// which tensors are there.
class PlainOpt {
 public:
  explicit PlainOpt(const std::filesystem::path& folder)
      : config_(nlohmann::json::parse(read_file(folder / "config.json"))) {
    const model::SafetensorsFile file(folder / "model.safetensors");
    for (const auto& [name, view] : file.tensors()) {
      tensors_[name] = view.to_float32();
    }
  }

  /// [tokens, vocabulary] of one sequence.
  [[nodiscard]] std::vector<float> logits(const std::vector<std::int32_t>& tokens) const {
    const auto width = config_.at("hidden_size").get<std::size_t>();
    std::vector<Row> x;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      const Row token = row("model.decoder.embed_tokens.weight", tokens[t], width);
      const Row position = row("model.decoder.embed_positions.weight", t + 2, width);
      x.push_back(sum(token, position));
    }
    for (std::size_t i = 0; i < config_.at("num_hidden_layers").get<std::size_t>(); ++i) {
      const std::string layer = "model.decoder.layers." + std::to_string(i);
      const std::vector<Row> mixed = attention(layer, x);
      for (std::size_t t = 0; t < x.size(); ++t) {
        x[t] = sum(x[t], linear(layer + ".self_attn.out_proj", mixed[t]));
        Row up = linear(layer + ".fc1", norm(layer + ".final_layer_norm", x[t]));
        for (double& value : up) {
          value = activation(value);
        }
        x[t] = sum(x[t], linear(layer + ".fc2", up));
      }
    }
    const bool tied = config_.at("tie_word_embeddings").get<bool>();
    const std::string head = tied ? "model.decoder.embed_tokens" : "lm_head";
    std::vector<float> result;
    for (const Row& hidden : x) {
      const Row scores = linear(head, norm("model.decoder.final_layer_norm", hidden));
      result.insert(result.end(), scores.begin(), scores.end());
    }
    return result;
  }

 private:
  using Row = std::vector<double>;

  [[nodiscard]] Row row(const std::string& name, std::size_t index, std::size_t width) const {
    const auto begin = tensors_.at(name).begin() + static_cast<std::ptrdiff_t>(index * width);
    return {begin, begin + static_cast<std::ptrdiff_t>(width)};
  }

  static Row sum(Row a, const Row& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] += b[i];
    }
    return a;
  }

  [[nodiscard]] Row linear(const std::string& name, const Row& x) const {
    const std::vector<float>& weight = tensors_.at(name + ".weight");
    const auto bias = tensors_.find(name + ".bias");
    Row y(weight.size() / x.size());
    for (std::size_t o = 0; o < y.size(); ++o) {
      if (bias != tensors_.end()) y[o] = bias->second[o];
      for (std::size_t i = 0; i < x.size(); ++i) {
        y[o] += static_cast<double>(weight[o * x.size() + i]) * x[i];
      }
    }
    return y;
  }

  [[nodiscard]] Row norm(const std::string& name, Row x) const {
    const auto size = static_cast<double>(x.size());
    double mean = 0.0;
    double variance = 0.0;
    for (const double value : x) {
      mean += value / size;
    }
    for (const double value : x) {
      variance += (value - mean) * (value - mean) / size;
    }
    const auto weight = tensors_.find(name + ".weight");
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = (x[i] - mean) / std::sqrt(variance + 1e-5);
      if (weight != tensors_.end()) {
        x[i] = x[i] * weight->second[i] + tensors_.at(name + ".bias")[i];
      }
    }
    return x;
  }

  [[nodiscard]] double activation(double x) const {
    const std::string name = config_.at("activation_function").get<std::string>();
    if (name == "gelu") return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2));
    if (name == "gelu_new") {
      const double inner = std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x);
      return 0.5 * x * (1.0 + std::tanh(inner));
    }
    const double sigmoid = 1.0 / (1.0 + std::exp(-x));
    if (name == "quick_gelu") return x / (1.0 + std::exp(-1.702 * x));
    if (name == "silu") return x * sigmoid;
    if (name == "mish") return x * std::tanh(std::log1p(std::exp(x)));
    if (name == "tanh") return std::tanh(x);
    if (name == "sigmoid") return sigmoid;
    if (name == "relu2") return x > 0.0 ? x * x : 0.0;
    return std::max(x, 0.0);
  }

  /// Causal attention of one sequence, before its output projection.
  [[nodiscard]] std::vector<Row> attention(const std::string& layer,
                                           const std::vector<Row>& x) const {
    const auto heads = config_.at("num_attention_heads").get<std::size_t>();
    std::vector<Row> q, k, v, mixed;
    for (const Row& hidden : x) {
      const Row h = norm(layer + ".self_attn_layer_norm", hidden);
      q.push_back(linear(layer + ".self_attn.q_proj", h));
      k.push_back(linear(layer + ".self_attn.k_proj", h));
      v.push_back(linear(layer + ".self_attn.v_proj", h));
    }
    const std::size_t dim = q[0].size() / heads;
    for (std::size_t t = 0; t < x.size(); ++t) {
      Row out(q[0].size(), 0.0);
      for (std::size_t first = 0; first < out.size(); first += dim) {
        Row weights(t + 1, 0.0);
        double total = 0.0;
        for (std::size_t s = 0; s <= t; ++s) {
          double score = 0.0;
          for (std::size_t i = first; i < first + dim; ++i) {
            score += q[t][i] * k[s][i];
          }
          weights[s] = std::exp(score / std::sqrt(static_cast<double>(dim)));
          total += weights[s];
        }
        for (std::size_t s = 0; s <= t; ++s) {
          for (std::size_t i = first; i < first + dim; ++i) {
            out[i] += weights[s] / total * v[s][i];
          }
        }
      }
      mixed.push_back(out);
    }
    return mixed;
  }

  nlohmann::json config_;
  std::map<std::string, std::vector<float>> tensors_;
};

}  // namespace lorafleet::tests
