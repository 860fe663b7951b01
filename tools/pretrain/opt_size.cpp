#include "tools/pretrain/opt_size.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/network/family.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::pretrain {
namespace {

constexpr double kDeviation = 0.02;

/// An OPT of the same parts, whose family says what keys and tensors are called.
const model::NewBase& published() {
  static const model::NewBase kBase = model::base_of_size("opt-125m");
  return kBase;
}

/// Of the linear layer that has this role, within its layer.
const std::string& name_of(model::LinearRole role) {
  const auto& linears = published().description.shape.layer_linears;
  return std::find_if(linears.begin(), linears.end(),
                      [&](const model::LinearShape& linear) { return linear.role == role; })
      ->name;
}

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
  auto config = nlohmann::ordered_json::parse(published().config);
  config["dropout"] = 0.0;
  config["dtype"] = "bfloat16";
  config["ffn_dim"] = size.wide();
  config["hidden_size"] = size.width;
  config["init_std"] = kDeviation;
  config["max_position_embeddings"] = size.positions;
  config["num_attention_heads"] = size.heads;
  config["num_hidden_layers"] = size.layers;
  config["vocab_size"] = size.vocabulary;
  config["word_embed_proj_dim"] = size.width;
  return config;
}

std::size_t Parameter::numel() const {
  std::size_t product = 1;
  for (const std::int64_t extent : shape)
    product *= static_cast<std::size_t>(extent);
  return product;
}

std::vector<Parameter> parameters_of(const OptSize& size) {
  using Role = model::LinearRole;
  const model::NetworkParts& parts = published().description.parts;
  const std::int64_t d = size.width;
  const double onto_residual = kDeviation / std::sqrt(2.0 * static_cast<double>(size.layers));
  ParameterList list;
  list.matrix(parts.embedding, size.vocabulary, d);
  list.matrix(parts.positions, size.positions + kPositionOffset, d);
  list.norm(parts.final_norm, d);
  for (std::int64_t layer = 0; layer < size.layers; ++layer) {
    const std::string path = published().description.shape.layer_path + std::to_string(layer) + ".";
    list.norm(path + parts.norms.attention, d);
    for (const Role role : {Role::query, Role::key, Role::value})
      list.matrix(path + name_of(role), d, d);
    for (const Role role : {Role::query, Role::key, Role::value})
      list.bias(path + name_of(role), d);
    list.linear(path + name_of(Role::attention_output), d, d, onto_residual);
    list.norm(path + parts.norms.feed_forward, d);
    list.linear(path + name_of(Role::up), d, size.wide());
    list.linear(path + name_of(Role::down), size.wide(), d, onto_residual);
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
